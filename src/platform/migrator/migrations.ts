import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inSchema, PUBLIC } from '../market-schema.ts'
import { MigrationError } from './connection.ts'
import { type Statement, splitSql } from './split-sql.ts'

/** A table, and the columns meant; no columns means the whole table. */
export type TableColumns = { schema: string; table: string; columns: string[] }

export type Script = {
  path: string
  /**
   * `transaction`: all or nothing. `statements`: each commits by itself and a killed run goes on after the
   * last.
   */
  mode: 'transaction' | 'statements'
  statements: Statement[]
  /** `-- keep schema.table (columns)`: what going down would lose. */
  keeps: TableColumns[]
  /** `-- changes schema.table (columns)`: what the script means to change in existing rows. */
  changes: TableColumns[]
}

export type Migration = {
  /** The number in front, '0003'. */
  id: string
  name: string
  /** SHA-256 of up.sql as it stands in the file. */
  hash: string
  up: Script
  down: Script
  verify: string
}

/** Reads all migrations of a directory, oldest first, for market tables in `schema`. */
export async function readMigrations(directory: string, schema = PUBLIC): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-/.test(name)).sort()
  const migrations = await Promise.all(names.map((name) => readMigration(directory, name, schema)))
  for (const [index, migration] of migrations.entries()) {
    if (migration.id === migrations[index - 1]?.id) {
      throw new MigrationError(`Two migrations have the number ${migration.id}: rename one of them.`)
    }
  }
  return migrations
}

async function readMigration(directory: string, folder: string, schema: string): Promise<Migration> {
  const [up, down, verify] = await Promise.all(
    ['up.sql', 'down.sql', 'verify.sql'].map((file) => readFile(join(directory, folder, file), 'utf8')),
  )
  const migration: Migration = {
    id: folder.slice(0, 4),
    name: folder.slice(5),
    hash: sha256(up!),
    up: parseScript(`${folder}/up.sql`, inSchema(up!, schema)),
    down: parseScript(`${folder}/down.sql`, inSchema(down!, schema)),
    verify: inSchema(verify!, schema),
  }
  if (migration.down.mode === 'statements' && migration.down.keeps.length > 0) {
    throw new MigrationError(
      `${migration.down.path} keeps rows, so it has to be one transaction: take out "-- mode: statements".`,
    )
  }
  return migration
}

/** Reads a script's directives and statements. */
export function parseScript(path: string, sql: string): Script {
  return {
    path,
    mode: /^-- mode: statements$/m.test(sql) ? 'statements' : 'transaction',
    statements: splitSql(sql),
    keeps: directives(path, sql, 'keep'),
    changes: directives(path, sql, 'changes'),
  }
}

function directives(path: string, sql: string, word: string): TableColumns[] {
  return [...sql.matchAll(new RegExp(`^-- ${word} (?=[a-z_]+\\.)(.*)$`, 'gm'))].map((match) => {
    const parts = /^([a-z_]\w*)\.([a-z_]\w*)(?: \(([\w, ]+)\))?$/.exec(match[1]!.trim())
    if (parts === null) {
      throw new MigrationError(`${path}: "${match[0]}" should read "-- ${word} schema.table (column, …)".`)
    }
    const columns = parts[3]?.split(',').map((column) => column.trim()) ?? []
    return { schema: parts[1]!, table: parts[2]!, columns }
  })
}

/** SHA-256 in hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The link of a migration in the chain of hashes: it fixes everything that was applied before. */
export function chained(previous: string, migration: Pick<Migration, 'id' | 'name' | 'hash'>): string {
  return sha256(`${previous}\n${migration.id}-${migration.name}\n${migration.hash}`)
}

/** '0003-new-tables'. */
export function label(migration: { id: string; name: string }): string {
  return `${migration.id}-${migration.name}`
}

/** Finds the migration that an operator's `--to` names: its number or its whole name. */
export function findMigration(migrations: Migration[], to: string): Migration {
  const found = migrations.find((one) => one.id === to.padStart(4, '0') || label(one) === to)
  if (found === undefined) {
    throw new MigrationError(
      `There is no migration "${to}". The newest is ${label(migrations.at(-1)!)}; ` +
        '`fairlock db status` lists all.',
    )
  }
  return found
}
