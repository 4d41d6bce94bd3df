export type EmbeddedErrorCode =
  | 'unsupported_platform'
  | 'unwritable_folder'
  | 'newer_format'
  | 'other_postgres_version'
  | 'damaged_folder'
  | 'wrong_owner'
  | 'folder_in_use'
  | 'no_unprivileged_user'
  | 'unreachable_for_user'
  | 'initialisation_failed'
  | 'start_failed'
  | 'orphan_stays'
  | 'gave_up'

/** The embedded server cannot run; the message says why and what to do. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError'
  readonly code: EmbeddedErrorCode

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The system's error code (ENOENT, EADDRINUSE …) of something thrown, if it has one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
