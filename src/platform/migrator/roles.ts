import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { appUrlFor } from '../app-login.ts'
import { newClient } from '../client.ts'
import { MigrationError, type Session, sqlState, withSession } from './connection.ts'

const appRole = 'fairlock_app'
const definerRoles = ['fairlock_engine', 'fairlock_ledger']

/**
 * Creates the roles where they are missing, lets the owner hand functions to the two definer roles, and sees
 * to it that the application can sign in. Roles belong to the whole server, so another database may have made
 * them already.
 */
export async function ensureRoles(options: { ownerUrl: string; appUrl?: string | undefined }): Promise<void> {
  const appUrl = options.appUrl ?? appUrlFor(options.ownerUrl)
  await withSession(options.ownerUrl, async (session) => {
    for (let attempt = 1; ; attempt++) {
      try {
        await createRoles(session)
        await letAppConnect(session)
        break
      } catch (error) {
        if (!isRace(error) || attempt >= 10) throw error
        await sleep(20 * attempt * Math.random())
      }
    }
    if (await canSignIn(appUrl)) return
    await setPassword(session, appUrl)
    if (!(await canSignIn(appUrl)))
      throw new MigrationError(`${appRole} cannot sign in with its new password.`)
  })
}

/**
 * Two databases of one server that are brought up at the same moment write the same rows of the role catalog.
 */
function isRace(error: unknown): boolean {
  const state = sqlState(error)
  return ['23505', '42710'].includes(state ?? '') || (state === 'XX000' && /concurrently/.test(String(error)))
}

async function createRoles(session: Session): Promise<void> {
  const found = await session.query<{ rolname: string }>(
    'select rolname from pg_roles where rolname = any ($1)',
    [[appRole, ...definerRoles]],
  )
  const existing = found.rows.map((row) => row.rolname)
  for (const role of [appRole, ...definerRoles]) {
    if (!existing.includes(role)) await asAdministrator(session, `create role ${role} ${kindOf(role)}`)
  }
  for (const role of definerRoles) {
    if (!(await mayBecome(session, role))) await asAdministrator(session, await membership(session, role))
  }
}

function kindOf(role: string): string {
  return role === appRole ? 'login' : 'nologin'
}

async function mayBecome(session: Session, role: string): Promise<boolean> {
  const modern = await isModern(session)
  // PostgreSQL 15 has no SET option: a member may always become the role.
  const found = await session.query<{ may: boolean }>('select pg_has_role(current_user, $1, $2) as may', [
    role,
    modern ? 'SET' : 'MEMBER',
  ])
  return found.rows[0]!.may
}

async function membership(session: Session, role: string): Promise<string> {
  const found = await session.query<{ name: string }>('select quote_ident(current_user) as name')
  const options = (await isModern(session)) ? ' with set true, inherit false' : ''
  return `grant ${role} to ${found.rows[0]!.name}${options}`
}

async function isModern(session: Session): Promise<boolean> {
  const found = await session.query<{ modern: boolean }>(
    `select current_setting('server_version_num')::int >= 160000 as modern`,
  )
  return found.rows[0]!.modern
}

async function letAppConnect(session: Session): Promise<void> {
  const found = await session.query<{ may: boolean; database: string }>(
    `select has_database_privilege($1, current_database(), 'CONNECT') as may,
            quote_ident(current_database()) as database`,
    [appRole],
  )
  const { may, database } = found.rows[0]!
  if (!may) await asAdministrator(session, `grant connect on database ${database} to ${appRole}`)
}

async function asAdministrator(session: Session, command: string): Promise<void> {
  try {
    await session.query(command)
  } catch (error) {
    if (sqlState(error) !== '42501') throw error
    throw new MigrationError(
      `The owner's login may not manage roles (${(error as Error).message}). Either give it that right ` +
        `with "alter role <owner> createrole", or let an administrator run: ${command};`,
    )
  }
}

async function canSignIn(url: string): Promise<boolean> {
  const client = newClient({ connectionString: url, application_name: 'fairlock migrator' })
  try {
    await client.connect()
    return true
  } catch (error) {
    // invalid_password: the one failure that a new password mends.
    if (sqlState(error) === '28P01') return false
    throw new MigrationError(
      `${appRole} cannot sign in: ${(error as Error).message}. ` +
        `Check pg_hba.conf and FAIRLOCK_APP_DATABASE_URL.`,
    )
  } finally {
    await client.end()
  }
}

async function setPassword(session: Session, appUrl: string): Promise<void> {
  const url = new URL(appUrl)
  const password = decodeURIComponent(url.password)
  if (decodeURIComponent(url.username) !== appRole) {
    throw new MigrationError(`FAIRLOCK_APP_DATABASE_URL has to sign in as ${appRole}.`)
  }
  // Only the verifier travels and is logged, never the password.
  const verifier = scramVerifier(password)
  try {
    await session.query(`alter role ${appRole} password '${verifier}'`)
  } catch (error) {
    // Two programs that start together both set it; whether the other one's is ours, the next sign-in tells.
    if (error instanceof Error && error.message === 'tuple concurrently updated') return
    if (sqlState(error) !== '42501') throw error
    throw new MigrationError(
      `${appRole} refuses its password and the owner's login may not set it: another database of this ` +
        'server set it before. Give the password in force in FAIRLOCK_APP_DATABASE_URL, or let an ' +
        `administrator run "\\password ${appRole}" and give the new one there.`,
    )
  }
}

/** A password in the form in which PostgreSQL stores it (RFC 5803). */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const iterations = 4096
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64')
  const server = hmac('Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${server}`
}
