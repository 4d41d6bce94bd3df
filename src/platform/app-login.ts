import { createHmac } from 'node:crypto'

/**
 * The application role's password in one database: derived from the owner's, so that one
 * connection string is enough to configure and nobody has to choose or store a second secret.
 */
export function appPassword(ownerPassword: string, databaseName: string): string {
  return createHmac('sha256', ownerPassword).update(`fairlock_app:${databaseName}`).digest('base64url')
}

/** The application's connection string that belongs to this owner's connection string. */
export function appUrlFor(ownerUrl: string): string {
  const url = new URL(ownerUrl)
  const databaseName = decodeURIComponent(url.pathname.slice(1))
  url.password = appPassword(decodeURIComponent(url.password), databaseName)
  url.username = 'fairlock_app'
  return url.href
}
