import type { Context, Subject } from './bench.ts'
import { tpcbDatabase } from './databases.ts'
import type { Script } from './driver.ts'

function variables(scale: number): Script['variables'] {
  return { aid: [1, scale * 100_000], bid: [1, scale], tid: [1, scale * 10], delta: [-5000, 5000] }
}

/** pgbench's built-in transaction, statement by statement. */
function conversation(scale: number): Script {
  return {
    name: 'tpcb-conversation',
    variables: variables(scale),
    statements: [
      'begin',
      'update pgbench_accounts set abalance = abalance + :delta where aid = :aid',
      'select abalance from pgbench_accounts where aid = :aid',
      'update pgbench_tellers set tbalance = tbalance + :delta where tid = :tid',
      'update pgbench_branches set bbalance = bbalance + :delta where bid = :bid',
      `insert into pgbench_history (tid, bid, aid, delta, mtime)
       values (:tid, :bid, :aid, :delta, current_timestamp)`.replace(/\s+/g, ' '),
      'end',
    ],
  }
}

function call(scale: number): Script {
  return {
    name: 'tpcb-call',
    variables: variables(scale),
    statements: ['select bench.tpcb(:aid, :bid, :tid, :delta)'],
  }
}

export const conversationFigure = (clients: number) => `TPC-B conversation, ${clients} clients`
export const callFigure = (clients: number) => `TPC-B one call, ${clients} clients`

/** The yardstick: TPC-B in the same server, by the same driver. */
export function tpcbSubject(context: Context, kind: 'conversation' | 'call', clients: number): Subject {
  const { server, driver, scale } = context
  const script = (kind === 'call' ? call : conversation)(scale.tpcbScale)
  const figure = (kind === 'call' ? callFigure : conversationFigure)(clients)
  return {
    figures: { [figure]: 'per second' },
    async reset() {
      const database = await tpcbDatabase(context)
      await server.sql(database, 'truncate pgbench_history')
      await server.sql(database, 'vacuum pgbench_branches, pgbench_tellers, pgbench_accounts')
      await server.sql(database, 'checkpoint')
    },
    async run() {
      const url = server.url('tpcb', 'superuser')
      return { [figure]: await driver.transactionsPerSecond({ url, script, clients, ...scale }) }
    },
  }
}
