const MODES = new Set(['prefer', 'require', 'verify-ca', 'verify-full'])
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/i

/**
 * What is wrong with the way to a database on another machine, as a sentence for the log; null when nothing is. The
 * driver takes every mode of `MODES` for `verify-full`: encrypted, with a certificate that is checked.
 */
export function databaseWithoutTls(url: string): string | null {
  const { hostname, searchParams } = new URL(url)
  // A folder as the host is a socket of this machine.
  const isHere = hostname === '' || LOOPBACK.test(hostname) || searchParams.get('host')?.startsWith('/')
  const isChecked =
    MODES.has(searchParams.get('sslmode') ?? '') && searchParams.get('uselibpqcompat') !== 'true'
  if (isHere || isChecked) return null
  return (
    `The way to the database on ${hostname} is not protected by TLS: who is on it reads and changes everything. ` +
    'Add ?sslmode=verify-full to DATABASE_URL (docs/configuration.md).'
  )
}
