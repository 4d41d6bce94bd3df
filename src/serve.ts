import type { Logger } from 'pino'
import { Follower, requireServable } from './adoption/index.ts'
import { openSigner } from './audit/index.ts'
import {
  bringUp,
  currentConfig,
  currentEnvironment,
  type DemoSignIns,
  fillDemo,
  type ServeOptions,
  writeSettings,
} from './cli/index.ts'
import { demoApi } from './demo-api.ts'
import { type AppOptions, buildApp, RequestLimits } from './http/index.ts'
import { SignInLimits } from './identity/index.ts'
import { type Jobs, startJobs } from './jobs/index.ts'
import { Dispatcher, Live, Mailer, Outside, Pushes, Webhooks } from './notifications/index.ts'
import { appUrlFor } from './platform/app-login.ts'
import { startEmbedded } from './platform/embedded/index.ts'
import { Uploads } from './platform/files/index.ts'
import {
  type Config,
  ConfigError,
  Database,
  databaseWithoutTls,
  makeLog,
  marketUrls,
} from './platform/index.ts'
import { keyringInForce, Sealer } from './platform/sealing/index.ts'
import { PriceFeed, priceListOf, sourcesOf } from './prices/index.ts'
import { tasksOf } from './tasks.ts'

/** Runs the API, the background work, or both, until a signal or a fault that cannot be mended ends it. */
export async function serve(options: ServeOptions): Promise<void> {
  const config = currentConfig()
  const log = makeLog(config.logLevel)
  // The last started is the first stopped.
  const stops: (() => Promise<void>)[] = []
  const ended = untilSignal()
  try {
    const started = await startDatabase(config, log, stops)
    await requireServable(started.ownerUrl)
    await bringUp({ ...started, onMessage: (message) => log.info(message) })
    const database = await marketUrls(started)
    await writeSettings(database.ownerUrl, config)
    const demo =
      options.demo && database.embedded ? await fillDemo(database, demoApi(config, database, log)) : null
    const db = new Database(database.appUrl, { connections: config.databaseConnections })
    stops.push(() => db.close())
    const keyring = await keyringInForce(config, database.ownerUrl, currentEnvironment())
    stops.push(() => keyring.close())
    const sealer = new Sealer(db, keyring)
    stops.push(async () => sealer.close())
    const outside = outsideOf(config)
    const dispatcher = dispatcherOf(db, log)
    stops.push(() => dispatcher.close())
    let jobs: Jobs | null = null
    let webhooks: Webhooks | null = null
    if (options.only !== 'api') {
      const signer = await openSigner(database.ownerUrl, db, sealer)
      const mailer = mailerOf(config, db)
      webhooks = new Webhooks(db, sealer, outside)
      const pushes = new Pushes(db, sealer, outside, contactOf(config))
      const feed = feedOf(config, db, log)
      const follower = new Follower(database.ownerUrl, db)
      stops.push(() => follower.stop())
      jobs = await startJobs({
        url: database.appUrl,
        tasks: tasksOf({
          ownerUrl: database.ownerUrl,
          db,
          dispatcher,
          mailer,
          webhooks,
          pushes,
          sealer,
          signer,
          auditRoots: config.auditRoots,
          feed,
          follower,
        }),
        onError: (task, error) => log.error({ task, err: error }, 'background work failed'),
      })
      stops.push(jobs.stop)
      stops.push(async () => void (await Promise.all([webhooks?.close(), pushes.close(), feed.close()])))
      if (mailer === null) log.warn('nothing is mailed: FAIRLOCK_SMTP_URL is not set')
      else stops.push(async () => mailer.close())
    }
    if (options.only !== 'worker') {
      const live = liveOf(config, db, database.appUrl, log)
      const work = { jobs: () => jobs, webhooks: () => webhooks, dispatcher, live }
      const address = await listen(config, { db, sealer, outside, ...work }, log, stops)
      database.announce(address)
      greet(address, demo)
    } else log.info('background work runs')
    const reason = await Promise.race([ended, database.exited])
    if (reason instanceof Error) throw reason
    log.info({ signal: reason }, 'stopping')
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

function dispatcherOf(db: Database, log: Logger): Dispatcher {
  return new Dispatcher({
    db,
    onError: (error) => log.warn({ err: error }, 'news could not be told; they are kept and tried again'),
    onSetAside: (count) => log.error({ count }, 'news were set aside: see `fairlock news`'),
  })
}

function liveOf(config: Config, db: Database, url: string, log: Logger): Live {
  return new Live({
    db,
    url,
    mostStreams: config.liveStreams,
    onTrouble: (error) => log.warn({ err: error }, 'live events have to wait'),
  })
}

function feedOf(config: Config, db: Database, log: Logger): PriceFeed {
  const list = priceListOf(config)
  if (list === 'sample') log.warn('prices are made up: FAIRLOCK_PRICES is sample')
  return new PriceFeed({
    db: db.pool,
    sources: sourcesOf(list, config),
    onChange: (source, failing) =>
      failing === null
        ? log.info({ source }, 'a price source is back')
        : log.warn(
            { source, reason: failing.failure, err: failing.cause },
            `a price source ${failing.message}`,
          ),
    onOutliers: (source, prices) =>
      prices === 0
        ? log.info({ source }, 'a price source agrees with the others again')
        : log.warn({ source, prices }, 'prices of a source are too far from the others, and left out'),
  })
}

function mailerOf({ smtpUrl, mailFrom, publicUrl }: Config, db: Database): Mailer | null {
  if (smtpUrl === null || mailFrom === null || publicUrl === null) return null
  return new Mailer(db, { smtpUrl, from: mailFrom, publicUrl })
}

/** What may be sent to addresses that people give: not to this market's own, nor to any inside. */
function outsideOf({ webhooksAllow, publicUrl }: Config): Outside {
  const ownHosts = publicUrl === null ? [] : [new URL(publicUrl).hostname]
  try {
    return new Outside({ allow: webhooksAllow, ownHosts })
  } catch (error) {
    throw new ConfigError(`FAIRLOCK_WEBHOOKS_ALLOW: ${error instanceof Error ? error.message : error}`)
  }
}

/** Where push services can reach whoever runs this; they want an https: or mailto: address, and mostly ignore it. */
function contactOf({ publicUrl, mailFrom }: Config): string {
  if (publicUrl?.startsWith('https:')) return publicUrl
  return mailFrom === null ? 'https://fairlock.invalid' : `mailto:${mailFrom}`
}

type DatabaseUrls = { ownerUrl: string; appUrl: string }
type RunningDatabase = DatabaseUrls & {
  embedded: boolean
  exited: Promise<Error>
  announce(address: string): void
}

async function startDatabase(
  config: Config,
  log: Logger,
  stops: (() => Promise<void>)[],
): Promise<RunningDatabase> {
  if (config.databaseUrl !== null) {
    const danger = databaseWithoutTls(config.databaseUrl)
    if (danger !== null) log.warn(danger)
    return {
      ownerUrl: config.databaseUrl,
      appUrl: config.appDatabaseUrl ?? appUrlFor(config.databaseUrl),
      embedded: false,
      exited: new Promise(() => undefined),
      announce: () => undefined,
    }
  }
  const server = await startEmbedded({ dataDir: config.dataDir, log: (message) => log.info(message) })
  stops.push(() => server.stop())
  return { ...server, embedded: true }
}

async function listen(
  config: Config,
  parts: Pick<AppOptions, 'db' | 'sealer' | 'outside' | 'jobs' | 'webhooks' | 'dispatcher' | 'live'>,
  log: Logger,
  stops: (() => Promise<void>)[],
): Promise<string> {
  const { pool } = parts.db
  const requests = new RequestLimits({
    pool,
    rates: { perAddress: config.requestsPerAddress, perPerson: config.requestsPerPerson },
    onTrouble: (error) =>
      error === null
        ? log.info('request limits are shared again')
        : log.warn({ err: error }, 'request limits hold in this process alone until the database is back'),
  })
  stops.push(() => requests.close())
  const app = await buildApp({
    ...parts,
    requests,
    limits: new SignInLimits(pool),
    log,
    trustProxy: config.trustProxy,
    metricsToken: config.metricsToken,
    breachedPasswords: config.breachedPasswords,
    publicUrl: config.publicUrl,
    uploads: new Uploads(config.uploadsAtOnce),
  })
  stops.push(() => app.close())
  try {
    return await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') {
      throw new ConfigError(
        `Port ${config.port} of ${config.host} is in use. Stop what uses it, or choose another: PORT=3001`,
      )
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      throw new ConfigError(
        `Cannot listen on ${config.host} port ${config.port} (${code}). Set HOST and PORT to what this machine allows.`,
      )
    }
    throw error
  }
}

function greet(address: string, demo: DemoSignIns | null): void {
  const lines = ['', `  Fairlock is at ${address}`, `  API reference: ${address}/docs`]
  // Browsers allow passkeys at a name only.
  if (address.includes('//127.0.0.1:'))
    lines.push(`  For passkeys open ${address.replace('127.0.0.1', 'localhost')}`)
  if (demo !== null) {
    lines.push('', `  Demo sign-ins, all with the password ${demo.password}:`)
    for (const one of demo.people) lines.push(`    ${one.email.padEnd(24)} ${one.about}`)
  }
  process.stdout.write(`${[...lines, '', '  Ctrl-C stops everything.', ''].join('\n')}\n`)
}

function untilSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal))
  })
}
