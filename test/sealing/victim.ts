// Does one key operation and dies at one of its statements, as if somebody had pulled the plug: before the statement
// is sent, or right after, while the database does it. Without DIE_AT it says how many statements there were.
import pg from 'pg'
import { Database } from '../../src/platform/index.ts'
import { FileKeyring, Rewrap, rotate, Sealer } from '../../src/platform/sealing/index.ts'

const [operation, keyringPath, ownerUrl, appUrl] = process.argv.slice(2)
const dieAt = Number(process.env.DIE_AT ?? Number.POSITIVE_INFINITY)
const isSentFirst = process.env.DIE_WHEN === 'sent'
let statements = 0

const query = pg.Client.prototype.query as (...args: unknown[]) => unknown
Object.assign(pg.Client.prototype, {
  query(this: pg.Client, ...args: unknown[]) {
    if (++statements !== dieAt) return query.apply(this, args)
    if (!isSentFirst) process.kill(process.pid, 'SIGKILL')
    const result = query.apply(this, args)
    // The socket's write is under way by then, and no answer has been read.
    setImmediate(() => process.kill(process.pid, 'SIGKILL'))
    return result
  },
})

const keyring = new FileKeyring(keyringPath!)
if (operation === 'rotate') await rotate(ownerUrl!, keyring, { prepare: false, onProgress: () => undefined })
else {
  const db = new Database(appUrl!, { connections: 1 })
  await new Rewrap(db, new Sealer(db, keyring)).run()
  await db.close()
}
process.stdout.write(String(statements))
