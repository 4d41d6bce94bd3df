/** A command ran and found something wrong: exit code 1. The message says what, and what to do. */
export class Finding extends Error {
  override readonly name = 'Finding'
}

/** The command was called in a way that cannot work: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
