import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** How a secret would look if somebody had written it down without meaning to. */
export function formsOf(secret: Buffer): Buffer[] {
  const text = secret.toString('latin1')
  const texts = [text, secret.toString('hex'), secret.toString('hex').toUpperCase()]
  // In the middle of something longer base64 begins at any of three places: without the ends, which neighbours change.
  for (let shift = 0; shift < 3; shift++) {
    const inside = Buffer.concat([Buffer.alloc(shift), secret])
      .toString('base64')
      .replace(/=+$/, '')
    const whole = inside.slice(shift === 0 ? 0 : shift + 1, -1)
    texts.push(whole, whole.replaceAll('+', '-').replaceAll('/', '_'))
  }
  const forms = texts.flatMap((one) => [Buffer.from(one, 'latin1'), Buffer.from(one, 'utf16le')])
  return forms.filter((one, index) => forms.findIndex((other) => other.equals(one)) === index)
}

/** The names of the secrets that are in some bytes, in any form. */
export function secretsIn(bytes: Buffer, secrets: Record<string, Buffer>): string[] {
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => bytes.includes(form)))
    .map(([name]) => name)
}

/** Where in a folder, its files read as bytes, a secret is: `name in file`. */
export function secretsInFolder(folder: string, secrets: Record<string, Buffer>): string[] {
  return globSync('**/*', { cwd: folder, exclude: (name) => name === 'postmaster.pid' }).flatMap((file) => {
    const path = join(folder, file)
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return []
    return secretsIn(readFileSync(path), secrets).map((name) => `${name} in ${file}`)
  })
}
