import { join } from 'node:path'
import { ensureInstalled, refuse, root } from './ensure.mjs'
import { launch } from './launch.mjs'

try {
  ensureInstalled({ dev: true })
  launch([join(root, 'scripts', 'scan.ts'), ...process.argv.slice(2)])
} catch (error) {
  refuse(error)
}
