import { CommanderError } from 'commander'
import {
  bringUp,
  buildProgram,
  Finding,
  fillEmptyDatabase,
  UsageError,
  withDatabase,
  writeSettings,
} from './cli/index.ts'
import { EmbeddedError } from './platform/embedded/index.ts'
import { ConfigError, databaseUnreachable, makeLog } from './platform/index.ts'
import { MigrationError } from './platform/migrator/index.ts'
import { KeyringError } from './platform/sealing/index.ts'

async function main(): Promise<number> {
  const program = buildProgram({
    // What serves takes a fifth of a second to load, and no other command needs it.
    serve: async (options) => (await import('./serve.ts')).serve(options),
    bench: async (options) => (await import('../bench/index.ts')).bench(options),
    demo: ({ yes }) =>
      withDatabase(async (connection, config) => {
        await bringUp(connection)
        await writeSettings(connection.ownerUrl, config)
        const { demoApi } = await import('./demo-api.ts')
        await fillEmptyDatabase(connection, yes, demoApi(config, connection, makeLog('warn')))
      }),
  })
  try {
    await program.parseAsync(process.argv)
    return 0
  } catch (error) {
    return exitCode(error)
  }
}

/** 1: it ran and found something wrong. 2: wrong usage or configuration. Anything else is a fault of ours. */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const unreachable = databaseUnreachable(error)
  const isUsage =
    error instanceof ConfigError ||
    error instanceof EmbeddedError ||
    error instanceof KeyringError ||
    error instanceof UsageError
  const isSaid = isUsage || error instanceof Finding || error instanceof MigrationError
  const whole = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`fairlock: ${unreachable ?? (isSaid ? error.message : whole)}\n`)
  if (process.env.LOG_LEVEL === 'debug' && isSaid && error.cause instanceof Error)
    process.stderr.write(`${error.cause.stack}\n`)
  return isUsage || unreachable !== null ? 2 : 1
}

// `fairlock … | head` closes the pipe when it has seen enough: no reason to complain.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
process.exitCode = await main()
