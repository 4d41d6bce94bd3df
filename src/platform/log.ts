import pino, { type DestinationStream, type Logger } from 'pino'

/**
 * What PostgreSQL adds to an error is the row that it would not take, or the value that is there already: data of
 * people, which the message of the error does without.
 */
const WITHOUT = ['err.detail', 'err.parameters', 'err.cause.detail']

/**
 * Makes the program's log: lines of JSON with the time in UTC, so that nothing that somebody sends can begin a line of
 * its own.
 */
export function makeLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: WITHOUT, remove: true },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
