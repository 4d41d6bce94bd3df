/** What to say when the configured database cannot be reached or does not let us in; null for any other error. */
export function databaseUnreachable(error: unknown): string | null {
  if (!(error instanceof Error && 'code' in error)) return null
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'nothing answers at its address',
    ENOTFOUND: 'its host name is not known',
    ETIMEDOUT: 'its address does not answer',
    EHOSTUNREACH: 'its address cannot be reached',
    '28P01': 'the password is wrong',
    '28000': 'the role may not sign in',
    '3D000': 'the database does not exist',
  }
  const reason = reasons[String(error.code)]
  if (reason === undefined) return null
  return `The database cannot be used: ${reason} (${error.message}). \`fairlock config\` shows DATABASE_URL.`
}
