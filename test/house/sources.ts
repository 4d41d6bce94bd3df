import { globSync } from 'node:fs'
import { join } from 'node:path'

/** Every file under a folder that ends so, in order, without what is generated. */
export function sourceFiles(folder: string, ending: string): string[] {
  return globSync(`**/*${ending}`, { cwd: folder })
    .filter((file) => !file.endsWith('database-types.ts'))
    .sort()
    .map((file) => join(folder, file))
}
