import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'

/** A wrong environment: the message names every variable and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export type Config = {
  /** The owner's connection string, or null for the embedded server. */
  readonly databaseUrl: string | null
  /** The application's, or null to derive it from the owner's. */
  readonly appDatabaseUrl: string | null
  readonly dataDir: string
  /** Where sealed blocks of the log are published: best on another machine's disk. */
  readonly auditRoots: string
  /** Where the key-encryption keys are; null: a file beside the embedded database. */
  readonly keyring: string | null
  readonly host: string
  readonly port: number
  readonly logLevel: string
  /** Fee rates in percent, as decimal strings. */
  readonly makerFeePercent: string
  readonly takerFeePercent: string
  readonly fundingMinutes: number
  readonly releaseMinutes: number
  readonly openOffersPerUser: number
  readonly liveTradesPerUser: number
  readonly withdrawalPauseHours: number
  readonly emailChangeDelayHours: number
  readonly sessionIdleHours: number
  /** For how long a second factor that was proven counts. */
  readonly stepUpMinutes: number
  /** Whether staff roles count only for people who have a second factor. */
  readonly staffNeedFactor: boolean
  /** A file of leaked passwords to refuse, beside the dictionary. */
  readonly breachedPasswords: string | null
  /** Where the program is reached from outside; links in mails begin with it. */
  readonly publicUrl: string | null
  /** The mail server; without it, or without a sender, nothing is mailed. */
  readonly smtpUrl: string | null
  readonly mailFrom: string | null
  /** The longest time that access is granted for, how long a break-glass opens, and until when it is reviewed. */
  readonly grantHours: number
  readonly breakGlassMinutes: number
  readonly breakGlassReviewDays: number
  readonly databaseConnections: number
  /** Bearer token that /metrics asks for; without one it answers this machine alone. */
  readonly metricsToken: string | null
  /** Requests a minute that one address and one person may make; 0: no limit. */
  readonly requestsPerAddress: number
  readonly requestsPerPerson: number
  /** How many proxies in front of the program add to X-Forwarded-For; 0: it is not believed. */
  readonly trustProxy: number
}

type Variable = { key: keyof Config; fallback: string; secret?: true; about: string } & (
  | { kind: 'text'; pattern?: RegExp; expected?: string }
  | { kind: 'integer'; least: number; most: number }
  | { kind: 'flag' }
  | { kind: 'proxies' }
)

const url = {
  kind: 'text',
  pattern: /^$|^postgres(ql)?:\/\//,
  expected: 'a postgres:// connection string',
} as const
const percent = {
  kind: 'text',
  pattern: /^(?:10|\d(?:\.\d{1,6})?)$/,
  expected: 'a number from 0 to 10',
} as const

/** Every variable that is understood; docs/configuration.md is compared with it by a test. */
export const VARIABLES: Record<string, Variable> = {
  DATABASE_URL: {
    key: 'databaseUrl',
    fallback: '',
    secret: true,
    about: "Owner's connection string; empty: the embedded server",
    ...url,
  },
  FAIRLOCK_APP_DATABASE_URL: {
    key: 'appDatabaseUrl',
    fallback: '',
    secret: true,
    about: "The application's connection string; empty: derived from the owner's",
    ...url,
  },
  FAIRLOCK_DATA_DIR: {
    key: 'dataDir',
    fallback: '.fairlock',
    about: 'Embedded database and files',
    kind: 'text',
    pattern: /./,
    expected: 'a folder',
  },
  FAIRLOCK_KEYRING: {
    key: 'keyring',
    fallback: '',
    about: 'Where the key-encryption keys are: file:, env:, pkcs11:, vault: or awskms:',
    kind: 'text',
    pattern: /^$|^(?:file|env|pkcs11|vault|awskms):./,
    expected: 'file:, env:, pkcs11:, vault: or awskms: and a place',
  },
  FAIRLOCK_AUDIT_ROOTS: {
    key: 'auditRoots',
    fallback: '',
    about: 'File to publish the sealed blocks of the log in; empty: audit-roots.jsonl in the data folder',
    kind: 'text',
  },
  HOST: {
    key: 'host',
    fallback: '127.0.0.1',
    about: 'Address to listen on',
    kind: 'text',
    pattern: /./,
    expected: 'an address',
  },
  PORT: {
    key: 'port',
    fallback: '3000',
    about: 'Port to listen on',
    kind: 'integer',
    least: 0,
    most: 65_535,
  },
  LOG_LEVEL: {
    key: 'logLevel',
    fallback: 'info',
    about: 'fatal, error, warn, info, debug, trace or silent',
    kind: 'text',
    pattern: /^(?:fatal|error|warn|info|debug|trace|silent)$/,
    expected: 'fatal, error, warn, info, debug, trace or silent',
  },
  FAIRLOCK_MAKER_FEE_PERCENT: {
    key: 'makerFeePercent',
    fallback: '0.1',
    about: "The maker's fee, percent of the amount",
    ...percent,
  },
  FAIRLOCK_TAKER_FEE_PERCENT: {
    key: 'takerFeePercent',
    fallback: '0.2',
    about: "The taker's fee, percent of the amount",
    ...percent,
  },
  FAIRLOCK_FUNDING_MINUTES: {
    key: 'fundingMinutes',
    fallback: '30',
    about: 'How long a seller has to fund a trade',
    kind: 'integer',
    least: 1,
    most: 1440,
  },
  FAIRLOCK_RELEASE_MINUTES: {
    key: 'releaseMinutes',
    fallback: '1440',
    about: 'How long a seller has to release',
    kind: 'integer',
    least: 10,
    most: 20_160,
  },
  FAIRLOCK_OPEN_OFFERS_PER_USER: {
    key: 'openOffersPerUser',
    fallback: '50',
    about: 'Offers one person may have open',
    kind: 'integer',
    least: 1,
    most: 1000,
  },
  FAIRLOCK_LIVE_TRADES_PER_USER: {
    key: 'liveTradesPerUser',
    fallback: '20',
    about: 'Live trades one person may have taken',
    kind: 'integer',
    least: 1,
    most: 100_000,
  },
  FAIRLOCK_WITHDRAWAL_PAUSE_HOURS: {
    key: 'withdrawalPauseHours',
    fallback: '24',
    about: 'No withdrawals for so long after a change of password, second factor or e-mail address',
    kind: 'integer',
    least: 0,
    most: 720,
  },
  FAIRLOCK_EMAIL_CHANGE_DELAY_HOURS: {
    key: 'emailChangeDelayHours',
    fallback: '24',
    about: 'How long the old e-mail address can say no to a new one',
    kind: 'integer',
    least: 0,
    most: 720,
  },
  FAIRLOCK_SESSION_IDLE_HOURS: {
    key: 'sessionIdleHours',
    fallback: '168',
    about: 'A session that was not used for so long is over',
    kind: 'integer',
    least: 1,
    most: 720,
  },
  FAIRLOCK_STEP_UP_MINUTES: {
    key: 'stepUpMinutes',
    fallback: '5',
    about: 'For how long a second factor that was proven counts',
    kind: 'integer',
    least: 1,
    most: 60,
  },
  FAIRLOCK_STAFF_NEED_FACTOR: {
    key: 'staffNeedFactor',
    fallback: 'false',
    about: 'Staff roles count only for people with a second factor',
    kind: 'flag',
  },
  FAIRLOCK_BREACHED_PASSWORDS: {
    key: 'breachedPasswords',
    fallback: '',
    about:
      'File of leaked passwords: SHA-1 hashes with counts, ordered by hash; empty: the built-in dictionary alone',
    kind: 'text',
  },
  FAIRLOCK_PUBLIC_URL: {
    key: 'publicUrl',
    fallback: '',
    about: 'Where people reach the program: passkeys are bound to its name, links in mails begin with it',
    kind: 'text',
    pattern: /^$|^https?:\/\/[^\s/?#@]+$/,
    expected: 'an address like https://market.example.org',
  },
  FAIRLOCK_SMTP_URL: {
    key: 'smtpUrl',
    fallback: '',
    secret: true,
    about: 'Mail server, smtps:// or smtp:// with user and password; empty: nothing is mailed',
    kind: 'text',
    pattern: /^$|^smtps?:\/\/\S+$/,
    expected: 'an smtp:// or smtps:// address',
  },
  FAIRLOCK_MAIL_FROM: {
    key: 'mailFrom',
    fallback: '',
    about: 'Sender of mails',
    kind: 'text',
    pattern: /^$|^[^\s@<>]+@[^\s@<>]+$/,
    expected: 'an e-mail address',
  },
  FAIRLOCK_GRANT_HOURS: {
    key: 'grantHours',
    fallback: '8',
    about: 'Hours that access of staff is granted for at most',
    kind: 'integer',
    least: 1,
    most: 168,
  },
  FAIRLOCK_BREAK_GLASS_MINUTES: {
    key: 'breakGlassMinutes',
    fallback: '30',
    about: 'How long a break-glass opens',
    kind: 'integer',
    least: 1,
    most: 240,
  },
  FAIRLOCK_BREAK_GLASS_REVIEW_DAYS: {
    key: 'breakGlassReviewDays',
    fallback: '3',
    about: 'Days to review a break-glass before its person may not break another',
    kind: 'integer',
    least: 0,
    most: 90,
  },
  FAIRLOCK_DATABASE_CONNECTIONS: {
    key: 'databaseConnections',
    fallback: '16',
    about: 'Connections of one API process',
    kind: 'integer',
    least: 1,
    most: 500,
  },
  FAIRLOCK_REQUESTS_PER_ADDRESS: {
    key: 'requestsPerAddress',
    fallback: '6000',
    about: 'Requests a minute from one address; 0: no limit',
    kind: 'integer',
    least: 0,
    most: 999_999,
  },
  FAIRLOCK_REQUESTS_PER_PERSON: {
    key: 'requestsPerPerson',
    fallback: '1200',
    about: 'Requests a minute of one person; 0: no limit',
    kind: 'integer',
    least: 0,
    most: 999_999,
  },
  FAIRLOCK_METRICS_TOKEN: {
    key: 'metricsToken',
    fallback: '',
    secret: true,
    about: 'Token for /metrics; empty: loopback only',
    kind: 'text',
    pattern: /^$|^.{16,}$/,
    expected: 'at least 16 characters',
  },
  FAIRLOCK_TRUST_PROXY: {
    key: 'trustProxy',
    fallback: 'false',
    about: 'How many proxies stand in front and add to X-Forwarded-For; true is one',
    kind: 'proxies',
  },
}

/** Variables that the scripts and tests set for themselves. */
const INTERNAL = new Set(['FAIRLOCK_TEST_SERVER'])

/** Reads `.env` of a folder; what the environment says wins over it. Throws `ConfigError`. */
export function environment(folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const file = resolve(folder, '.env')
  if (!existsSync(file)) return env
  return { ...parseEnv(readFileSync(file, 'utf8')), ...env }
}

/** Checks the environment once, at the start. Throws `ConfigError` naming everything that is wrong. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const wrong: string[] = []
  for (const name of Object.keys(env)) {
    if (name.startsWith('FAIRLOCK_') && !(name in VARIABLES) && !INTERNAL.has(name)) {
      wrong.push(`${name} is not a variable of Fairlock. Known: ${Object.keys(VARIABLES).join(', ')}`)
    }
  }
  const values: Partial<Record<keyof Config, unknown>> = {}
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const text = env[name] === undefined || env[name] === '' ? variable.fallback : env[name]
    const value = readValue(variable, text)
    if (value instanceof Error)
      wrong.push(`${name} must be ${value.message}${variable.secret ? '' : `, not "${text}"`}`)
    else values[variable.key] = value
  }
  if (values.smtpUrl && !(values.mailFrom && values.publicUrl)) {
    wrong.push(
      'FAIRLOCK_SMTP_URL needs FAIRLOCK_MAIL_FROM, the sender, and FAIRLOCK_PUBLIC_URL, for links in mails',
    )
  }
  if (wrong.length > 0) throw new ConfigError(wrong.join('\n'))
  const config = values as Config
  const dataDir = resolve(config.dataDir)
  return { ...config, dataDir, auditRoots: resolve(config.auditRoots ?? join(dataDir, 'audit-roots.jsonl')) }
}

function readValue(variable: Variable, text: string): string | number | boolean | null | Error {
  if (variable.kind === 'flag') {
    return text === 'true' ? true : text === 'false' ? false : new Error('true or false')
  }
  if (variable.kind === 'proxies') {
    if (/^[0-9]$/.test(text)) return Number(text)
    return text === 'true' ? 1 : text === 'false' ? 0 : new Error('true, false or a number from 0 to 9')
  }
  if (variable.kind === 'integer') {
    const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
    if (number >= variable.least && number <= variable.most) return number
    return new Error(`a whole number from ${variable.least} to ${variable.most}`)
  }
  if (variable.pattern && !variable.pattern.test(text)) return new Error(variable.expected)
  return text === '' ? null : text
}

/** What is in force, secrets masked, for `fairlock config`. */
export function describeConfig(config: Config): { variable: string; value: string; about: string }[] {
  return Object.entries(VARIABLES).map(([variable, { key, secret, about }]) => {
    const value = config[key]
    const shown = value === null ? '(not set)' : secret ? maskSecret(String(value)) : String(value)
    return { variable, value: shown, about }
  })
}

function maskSecret(value: string): string {
  return value.includes('://') ? value.replace(/(:\/\/[^:/@]*):[^@]*@/, '$1:***@') : '***'
}
