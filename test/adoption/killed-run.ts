// A run of a take-over that dies, as by `kill -9`, right after it has sent a statement; or whose statement finds its
// session ended by the server, or the whole server crashed and recovered. Which statement is said by its number or by
// its kind: the first of those that are alike but for their values. A run that comes to its end tells how many it sent, of which
// kinds.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { adoptionDown, adoptionUp, contract } from '../../src/adoption/index.ts'
import { bringUp } from '../../src/cli/bring-up.ts'

const [way, ownerUrl, appUrl, superuserUrl, who, statement] = process.argv.slice(2) as string[]
const urls = { ownerUrl: ownerUrl!, appUrl: appUrl! }

/** Every statement of every session, counted before it is sent; pools and clients all come by here. */
let seen = 0
const kinds = new Set<string>()
const send = pg.Client.prototype.query
pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
  const kind = kindOf(given[0])
  const isLast = ++seen === Number(statement) || (kind === statement && !kinds.has(kind))
  kinds.add(kind)
  if (isLast && who !== 'runner') {
    const end = who === 'server' ? crashServer : endSession
    return end(this).then(() => Reflect.apply(send, this, given)) as never
  }
  const answer = Reflect.apply(send, this, given)
  if (isLast && who === 'runner') setImmediate(() => process.kill(process.pid, 'SIGKILL'))
  return answer
} as typeof send

/** Which of what is dropped, revoked or altered makes no difference, either: there are a thousand such statements. */
function kindOf(query: unknown): string {
  const text = typeof query === 'string' ? query : String((query as { text?: unknown }).text)
  const plain = text.replace(/'[^']*'/g, `''`).replace(/\b[0-9a-f]{8}[0-9a-f-]{28}\b|\d+/g, '0')
  const isOfObject = /^\s*(drop|revoke|alter)\b/i.test(text)
  const kind = isOfObject
    ? plain
        .replace(/\(.*?\)/gs, '()')
        .replace(/"[^"]*"|\w+\./g, '')
        .replace(/(table|function|routine|sequence|type|view)( if exists)? \S+/gi, '$1')
    : plain
  return `kind ${createHash('sha256').update(kind).digest('hex')}`
}

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
  // Who was connected before is thrown out when the server goes down: before that, it may still let somebody in.
  const witness = new pg.Client(superuserUrl)
  const isDown = new Promise<void>((resolve) => {
    witness.on('error', () => resolve()).on('end', () => resolve())
  })
  await witness.connect()
  process.kill(processID, 'SIGKILL')
  await isDown
  for (;;) {
    const administrator = new pg.Client(superuserUrl)
    administrator.on('error', () => undefined)
    try {
      await administrator.connect()
      await administrator.end()
      return
    } catch {
      // It is still recovering.
      await sleep(100)
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
  process.stdout.write(JSON.stringify({ statements: seen, kinds: [...kinds] }))
} catch (error) {
  // A session or server that was ended may end the run; then it has to say so in words, and the next run goes on.
  if (who === 'runner') throw error
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 3
}
