import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { Rule } from './rules.ts'
import { type Config, VARIABLES, type Variable } from './variables.ts'

/** A wrong environment: the message names every variable and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
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
  const rules: Record<string, string | number | boolean> = {}
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const text = env[name] === undefined || env[name] === '' ? variable.fallback : env[name]
    const value = readValue(variable, text)
    if (value instanceof Error)
      wrong.push(`${name} must be ${value.message}${isSecret(variable) ? '' : `, not "${text}"`}`)
    else if ('key' in variable) values[variable.key] = value
    else rules[variable.column] = value ?? ''
  }
  if (values.smtpUrl && !(values.mailFrom && values.publicUrl)) {
    wrong.push(
      'FAIRLOCK_SMTP_URL needs FAIRLOCK_MAIL_FROM, the sender, and FAIRLOCK_PUBLIC_URL, for links in mails',
    )
  }
  if (wrong.length > 0) throw new ConfigError(wrong.join('\n'))
  const config = { ...values, rules } as Config
  const dataDir = resolve(config.dataDir)
  return { ...config, dataDir, auditRoots: resolve(config.auditRoots ?? join(dataDir, 'audit-roots.jsonl')) }
}

function readValue(variable: Variable | Rule, text: string): string | number | boolean | null | Error {
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
  if (variable.kind === 'percent')
    return /^(?:10|\d(?:\.\d{1,6})?)$/.test(text) ? text : new Error('a number from 0 to 10')
  if (variable.kind === 'amounts') {
    const amount = '[A-Z0-9]{2,10}=\\d{1,12}(?:\\.\\d{1,8})?'
    const isList = new RegExp(`^(?:none|${amount}(?:,${amount})*)$`).test(text)
    return isList ? text : new Error('a list like BTC=0.5,ETH=10, or none')
  }
  if (variable.pattern && !variable.pattern.test(text)) return new Error(variable.expected)
  return text === '' ? null : text
}

/** What is in force, secrets masked, for `fairlock config`. */
export function describeConfig(config: Config): { variable: string; value: string; about: string }[] {
  return Object.entries(VARIABLES).map(([name, variable]) => {
    const value = 'key' in variable ? config[variable.key] : config.rules[variable.column]
    const shown =
      value === null ? '(not set)' : isSecret(variable) ? maskSecret(String(value)) : String(value)
    return { variable: name, value: shown, about: variable.about }
  })
}

function isSecret(variable: Variable | Rule): boolean {
  return 'secret' in variable && variable.secret === true
}

function maskSecret(value: string): string {
  return value.includes('://') ? value.replace(/(:\/\/[^:/@]*):[^@]*@/, '$1:***@') : '***'
}
