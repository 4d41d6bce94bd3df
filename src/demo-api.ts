import type { Logger } from 'pino'
import { currentEnvironment, type OpenApi } from './cli/index.ts'
import { buildApp } from './http/index.ts'
import { SignInLimits } from './identity/index.ts'
import { type Config, Database } from './platform/index.ts'
import { keyringInForce, Sealer } from './platform/sealing/index.ts'

/** The API as the filling of a demo asks it: with everything of its own, and without a network. */
export function demoApi(
  config: Config,
  { ownerUrl, appUrl }: { ownerUrl: string; appUrl: string },
  log: Logger,
): OpenApi {
  return async () => {
    const db = new Database(appUrl, { connections: 4 })
    const keyring = await keyringInForce(config, ownerUrl, currentEnvironment())
    const sealer = new Sealer(db, keyring)
    const limits = new SignInLimits(db.pool)
    const app = await buildApp({
      db,
      sealer,
      limits,
      log,
      trustProxy: false,
      metricsToken: null,
      jobs: () => null,
    })
    return {
      ask: (request) => app.inject(request),
      async close() {
        await app.close()
        sealer.close()
        await keyring.close()
        await db.close()
      },
    }
  }
}
