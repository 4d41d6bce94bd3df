import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { asEngine } from '../../src/platform/index.ts'
import { assertCleanBooks } from '../support/books.ts'
import { call, offerBody } from '../support/market.ts'
import { Client, type Counts, Gate, type Login } from './client.ts'
import { Program } from './program.ts'

const CLIENTS = 8
const LOGINS_PER_OUTAGE = 4
// Background work that hangs is noticed within 30 s.
const OVERDUE_END_WITHIN_MS = 45_000
/** What is killed. Where the program lives on, nobody starts anything: it has to come back by itself. */
const VICTIMS = ['the program', 'PostgreSQL', 'both', 'a connection’s process'] as const
type Victim = (typeof VICTIMS)[number]

export type KillReport = Counts & { kills: number; slowestReturn: number; slowestDeadline: number }

/**
 * Kills the program or its PostgreSQL with SIGKILL again and again, at moments of chance under the load of clients,
 * and looks each time whether all that was acknowledged is there, the books are clean, and deadlines are kept.
 */
export async function killAgainAndAgain(kills: number, first = 0): Promise<KillReport> {
  const program = await Program.prepare()
  const counts: Counts = { acknowledged: 0, repeated: 0, refusedWhileDown: 0 }
  const report: KillReport = { ...counts, kills, slowestReturn: 0, slowestDeadline: 0 }
  const gate = new Gate()
  try {
    await program.start()
    await program.furnish()
    const admin = await person(program, 'admin')
    const { ownerUrl } = await program.database()
    await asEngine(ownerUrl, (client) =>
      client.query(`select fairlock.set_staff_role($1, 'admin', true)`, [admin.id]),
    )
    const clients: Client[] = []
    for (let number = 1; number <= CLIENTS; number++) {
      const people: [Login, Login] = [
        await person(program, `seller_${number}`),
        await person(program, `buyer_${number}`),
      ]
      clients.push(new Client(program.url, gate, people, counts))
    }
    const late = await LatePeople.register(program, admin)
    for (const client of clients) await client.begin(admin)
    const running = Promise.all(clients.map((client) => client.run()))
    // A client that finds something wrong ends the whole; without this it would only be seen at the end.
    running.catch(() => undefined)
    const wrong = running.then(() => new Promise<never>(() => undefined))
    for (let number = 0; number < kills; number++) {
      const victim = VICTIMS[(first + number) % VICTIMS.length]!
      await Promise.race([killOnce(program, victim, { gate, clients, late, report }), wrong])
    }
    for (const client of clients) client.stopped = true
    await running
    await withSuperuser(program, async (superuser) => {
      for (const client of clients) await client.assertKept(superuser)
    })
    await assertCleanBooks((await program.database()).ownerUrl)
  } catch (error) {
    const state = program.isRunning ? 'runs' : 'has ended'
    throw new Error(`the program ${state}; it has said:\n${program.said}`, { cause: error })
  } finally {
    gate.isOver = true
    gate.open()
    await program.stop()
  }
  return { ...report, ...counts }
}

type Scene = { gate: Gate; clients: Client[]; late: LatePeople; report: KillReport }

async function killOnce(program: Program, victim: Victim, scene: Scene): Promise<void> {
  const { gate, clients, late, report } = scene
  const overdue = await late.trades()
  await sleep(Math.random() * 500)
  await withSuperuser(program, (superuser) => makeOverdue(superuser, overdue))
  const began = performance.now()
  const restarts = victim === 'the program' || victim === 'both'
  if (restarts) gate.shut()
  if (victim === 'a connection’s process') await killConnection(program)
  if (victim === 'PostgreSQL' || victim === 'both') await program.killDatabase()
  if (restarts) {
    await program.kill()
    await program.start()
  } else {
    await probe(program)
    await program.ready()
    gate.shut()
  }
  report.slowestReturn = Math.max(report.slowestReturn, (performance.now() - began) / 1000)
  await gate.everybodyWaits(clients.length)
  await withSuperuser(program, async (superuser) => {
    for (const client of clients) await client.assertKept(superuser)
  })
  await assertCleanBooks((await program.database()).ownerUrl)
  gate.open()
  const seconds = await withSuperuser(program, (superuser) => untilEnded(superuser, overdue))
  report.slowestDeadline = Math.max(report.slowestDeadline, seconds)
}

/** While only the database is away, the API says so: 503 as a problem, never 500, and never nothing. */
async function probe(program: Program): Promise<void> {
  const login = { email: 'admin@example.org', password: 'password of admin' }
  for (let number = 0; number < LOGINS_PER_OUTAGE; number++) {
    for (const answer of await Promise.all([
      call(program.url, 'POST', '/v1/auth/login', login),
      call(program.url, 'GET', '/v1/offers?pair=BTC/EUR'),
      call(program.url, 'GET', '/healthz'),
    ])) {
      assert.ok(
        answer.status === 200 || answer.status === 503,
        `${answer.status} ${JSON.stringify(answer.body)}`,
      )
      if (answer.status === 503) assert.equal(answer.body.code, 'unavailable')
    }
    await sleep(20)
  }
}

/** PostgreSQL ends every connection and recovers when one of its processes is killed. */
async function killConnection(program: Program): Promise<void> {
  const pid = await withSuperuser(program, async (superuser) => {
    const { rows } = await superuser.query(
      `select pid from pg_stat_activity where application_name = 'fairlock' order by state = 'active' desc limit 1`,
    )
    return rows[0].pid
  })
  process.kill(pid, 'SIGKILL')
}

/** Two who leave trades undone: one with coins in escrow, one the seller never funds. */
class LatePeople {
  readonly #program: Program
  readonly #buyer: Login
  readonly #offers: string[] = []

  private constructor(program: Program, buyer: Login) {
    this.#program = program
    this.#buyer = buyer
  }

  static async register(program: Program, admin: Login): Promise<LatePeople> {
    const late = new LatePeople(program, await person(program, 'late_buyer'))
    for (const name of ['rich', 'poor']) {
      const seller = await person(program, name)
      const credit = { userId: seller.id, currency: 'BTC', amount: '5', reason: 'load' }
      if (name === 'rich') await late.#post(admin, '/v1/admin/adjustments', credit)
      late.#offers.push(await late.#post(seller, '/v1/offers', offerBody()))
    }
    return late
  }

  trades(): Promise<string[]> {
    const body = { amount: '0.1', paymentMethodType: 'sepa' }
    return Promise.all(
      this.#offers.map((offer) => this.#post(this.#buyer, `/v1/offers/${offer}/trades`, body)),
    )
  }

  async #post(who: Login, path: string, body: object): Promise<string> {
    const headers = { authorization: `Bearer ${who.token}` }
    const answer = await call(this.#program.url, 'POST', path, body, headers)
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    return answer.body.id
  }
}

async function makeOverdue(superuser: pg.Client, trades: string[]): Promise<void> {
  await superuser.query('set session_replication_role = replica')
  await superuser.query(`update public.crypto_trades set deadline = clock_timestamp() where id = any ($1)`, [
    trades,
  ])
}

/** Waits until each has expired, refunded once where coins were held; gives the seconds that took. */
async function untilEnded(superuser: pg.Client, trades: string[]): Promise<number> {
  const began = performance.now()
  while (true) {
    const { rows } = await superuser.query(
      `select t.status || coalesce((select string_agg(' ' || l.kind, '' order by l.id) from ledger.transfers l
         where l.trade_id = t.id), '') as outcome from public.crypto_trades t where t.id = any ($1)`,
      [trades],
    )
    const outcomes = rows.map((row) => row.outcome).sort()
    if (outcomes.join() === 'expired,expired hold refund') return (performance.now() - began) / 1000
    assert.ok(performance.now() - began < OVERDUE_END_WITHIN_MS, `not ended: ${outcomes.join()}`)
    await sleep(50)
  }
}

async function person(program: Program, name: string): Promise<Login> {
  const body = { email: `${name}@example.org`, password: `password of ${name}`, displayName: name }
  const answer = await call(program.url, 'POST', '/v1/auth/register', body)
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  return { id: answer.body.user.id, token: answer.body.token }
}

async function withSuperuser<T>(program: Program, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client((await program.database()).superuserUrl)
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
