import { appUrlFor } from '../platform/app-login.ts'
import { attachEmbedded, startEmbedded } from '../platform/embedded/index.ts'
import { type Config, environment, loadConfig, marketUrls } from '../platform/index.ts'
import { explainAbsence } from './standing.ts'

export type Connection = { ownerUrl: string; appUrl: string; embedded: boolean; stop(): Promise<void> }

/** The environment with what `.env` of the folder the command runs in adds to it. */
export function currentEnvironment(): NodeJS.ProcessEnv {
  return environment(process.cwd(), process.env)
}

/** The configuration in force. */
export function currentConfig(): Config {
  return loadConfig(currentEnvironment())
}

/**
 * The database a command works on: DATABASE_URL, or the embedded server, joined where `fairlock serve` runs it and
 * started for the length of the command where nobody does.
 */
export async function connect(config: Config): Promise<Connection> {
  if (config.databaseUrl !== null) {
    const appUrl = config.appDatabaseUrl ?? appUrlFor(config.databaseUrl)
    return { ownerUrl: config.databaseUrl, appUrl, embedded: false, stop: async () => undefined }
  }
  const server =
    (await attachEmbedded({ dataDir: config.dataDir })) ?? (await startEmbedded({ dataDir: config.dataDir }))
  return { ownerUrl: server.ownerUrl, appUrl: server.appUrl, embedded: true, stop: () => server.stop() }
}

/**
 * Runs `work` on the database in force and lets go of it. Its connections find the market tables by their bare names.
 */
export async function withDatabase<T>(
  work: (connection: Connection, config: Config) => Promise<T>,
): Promise<T> {
  const config = currentConfig()
  const connection = await connect(config)
  try {
    return await work(await marketUrls(connection), config)
  } catch (error) {
    throw await explainAbsence(error, connection.ownerUrl)
  } finally {
    await connection.stop()
  }
}
