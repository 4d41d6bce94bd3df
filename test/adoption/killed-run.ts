// A run of a take-over that dies, as by `kill -9`, right after it has sent its n-th statement; or whose n-th statement
// finds its session ended by the server, or the whole server crashed and recovered.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { adoptionDown, adoptionUp, contract } from '../../src/adoption/index.ts'
import { bringUp } from '../../src/cli/bring-up.ts'

const [way, ownerUrl, appUrl, superuserUrl, who, statement] = process.argv.slice(2) as string[]
const urls = { ownerUrl: ownerUrl!, appUrl: appUrl! }

/** Every statement of every session, counted before it is sent; pools and clients all come by here. */
let seen = 0
const send = pg.Client.prototype.query
pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
  const isLast = ++seen === Number(statement)
  if (isLast && who !== 'runner') {
    const end = who === 'server' ? crashServer : endSession
    return end(this).then(() => Reflect.apply(send, this, given)) as never
  }
  const answer = Reflect.apply(send, this, given)
  if (isLast && who === 'runner') setImmediate(() => process.kill(process.pid, 'SIGKILL'))
  return answer
} as typeof send

async function endSession(client: pg.Client): Promise<void> {
  const { processID } = client as pg.Client & { processID: number }
  const administrator = new pg.Client(superuserUrl)
  await administrator.connect()
  await Reflect.apply(send, administrator, [`select pg_terminate_backend(${processID}, 5000)`])
  await administrator.end()
}

/** A process of PostgreSQL that is killed takes all others with it; the server recovers from its log and is there again. */
async function crashServer(client: pg.Client): Promise<void> {
  const { processID } = client as pg.Client & { processID: number }
  process.kill(processID, 'SIGKILL')
  for (;;) {
    // Long enough for the first process to have noticed, or it would still let somebody in.
    await sleep(300)
    const administrator = new pg.Client(superuserUrl)
    administrator.on('error', () => undefined)
    try {
      await administrator.connect()
      await administrator.end()
      return
    } catch {
      // It is still going down or recovering.
    }
  }
}

const ways: Record<string, () => Promise<unknown>> = {
  up: () =>
    adoptionUp({ ...urls, listenMs: 0, bringUp: () => bringUp(urls), confirmCustody: async () => true }),
  down: () => adoptionDown({ ...urls, to: 'adopted' }),
  contract: () =>
    contract({
      ...urls,
      afterDays: 0,
      acceptQuarantine: true,
      force: true,
      bringUp: () => bringUp(urls),
      confirm: async () => true,
    }),
}

try {
  await ways[way!]!()
  process.stdout.write(`${seen}\n`)
} catch (error) {
  // A session or server that was ended may end the run; then it has to say so in words, and the next run goes on.
  if (who === 'runner') throw error
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 3
}
