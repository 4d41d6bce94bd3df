// A run of a take-over that dies, as by `kill -9`, right after it has sent its n-th statement; or whose n-th statement
// finds its session ended by the server.
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
  if (isLast && who === 'session')
    return endSession(this).then(() => Reflect.apply(send, this, given)) as never
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
  // A session that was ended may end the run; then it has to say so in words, and the next run goes on.
  if (who !== 'session') throw error
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 3
}
