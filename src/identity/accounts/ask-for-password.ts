import type { FastifyRequest } from 'fastify'

/** Asks for the current password where a request needs it; `askForPassword` in accounts/passwords.ts does it. */
export type AskForPassword = (request: FastifyRequest, password: string | undefined) => Promise<void>
