import { RULES, type Rule } from './rules.ts'

/** What is in force: the environment, read and checked once. */
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
  /** A file of leaked passwords to refuse, beside the dictionary. */
  readonly breachedPasswords: string | null
  /** Where the program is reached from outside; links in mails begin with it. */
  readonly publicUrl: string | null
  /** The mail server; without it, or without a sender, nothing is mailed. */
  readonly smtpUrl: string | null
  readonly mailFrom: string | null
  /** Where market prices come from: a list of sources, `sample`, `all` or `none`; null: by the database. */
  readonly prices: string | null
  readonly coingeckoKey: string | null
  /** What people's webhooks may reach although it is not public. */
  readonly webhooksAllow: string | null
  /** The rules of the house, by column of fairlock.settings; decimals as strings. */
  readonly rules: Readonly<Record<string, string | number | boolean>>
  readonly databaseConnections: number
  readonly liveStreams: number
  /** Bearer token that /metrics asks for; without one it answers this machine alone. */
  readonly metricsToken: string | null
  /** Uploads that one process takes at once. */
  readonly uploadsAtOnce: number
  /** Requests a minute that one address and one person may make; 0: no limit. */
  readonly requestsPerAddress: number
  readonly requestsPerPerson: number
  /** How many proxies in front of the program add to X-Forwarded-For; 0: it is not believed. */
  readonly trustProxy: number
}

export type Variable = { key: keyof Config; fallback: string; secret?: true; about: string } & (
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
const SOURCE = '(?:coingecko|kraken|coinbase|blockchain\\.info|currency-api|yadio)'

/** What the program itself reads at its start. */
export const OWN: Record<string, Variable> = {
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
  FAIRLOCK_WEBHOOKS_ALLOW: {
    key: 'webhooksAllow',
    fallback: '',
    about:
      'Hosts, addresses and networks that webhooks and push may reach although they are internal; empty: none',
    kind: 'text',
    pattern: /^$|^[\w.:/[\]-]+(?:, *[\w.:/[\]-]+)*$/,
    expected: 'hosts, addresses or networks with commas between',
  },
  FAIRLOCK_PRICES: {
    key: 'prices',
    fallback: '',
    about: 'Where market prices come from; empty: sample with the embedded database, all otherwise',
    kind: 'text',
    pattern: new RegExp(`^(?:|none|sample|all|${SOURCE}(?:,${SOURCE})*)$`),
    expected:
      'none, sample, all, or a list of coingecko, kraken, coinbase, blockchain.info, currency-api, yadio',
  },
  FAIRLOCK_COINGECKO_KEY: {
    key: 'coingeckoKey',
    fallback: '',
    secret: true,
    about: 'API key of CoinGecko; one of a paid plan with pro: in front; empty: without',
    kind: 'text',
    pattern: /^$|^(?:pro:)?[\w-]{8,100}$/,
    expected: 'a key',
  },
  FAIRLOCK_DATABASE_CONNECTIONS: {
    key: 'databaseConnections',
    fallback: '16',
    about: 'Connections of one API process',
    kind: 'integer',
    least: 1,
    most: 500,
  },
  FAIRLOCK_UPLOADS_AT_ONCE: {
    key: 'uploadsAtOnce',
    fallback: '8',
    about: 'Uploads that one API process takes at once',
    kind: 'integer',
    least: 1,
    most: 100,
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
  FAIRLOCK_LIVE_STREAMS: {
    key: 'liveStreams',
    fallback: '2000',
    about: 'Streams of live events that one API process serves; one person has 5 of them at most',
    kind: 'integer',
    least: 0,
    most: 100_000,
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

/** Every variable that is understood; docs/configuration.md is compared with it by a test. */
export const VARIABLES: Record<string, Variable | Rule> = { ...OWN, ...RULES }
