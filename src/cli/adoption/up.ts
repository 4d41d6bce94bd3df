import { InvalidArgumentError } from 'commander'
import { type AdoptionResult, adoptionUp } from '../../adoption/index.ts'
import { bringUp } from '../bring-up.ts'
import { currentConfig } from '../connect.ts'
import { Finding } from '../finding.ts'
import { confirm, print } from '../output.ts'
import { Progress } from './progress.ts'
import { sealForUp } from './secrets.ts'

export type TakeOverOptions = {
  wait: boolean
  json: boolean
  yes: boolean
  follow: boolean
  expand: boolean
  maxRate?: number | undefined
  maxP99?: number | undefined
}

/** `fairlock db up` where a database is being taken over. */
export async function takeOver(
  urls: { ownerUrl: string; appUrl: string },
  options: TakeOverOptions,
): Promise<void> {
  const { ownerUrl, appUrl } = urls
  const progress = new Progress(options.json)
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const onMessage = (text: string) => progress.show({ kind: 'message', text })
  try {
    const result = await adoptionUp({
      ...options,
      ownerUrl,
      signal: stopping.signal,
      bringUp: () => bringUp({ ownerUrl, appUrl, wait: options.wait, onMessage }),
      seal: (walk) => sealForUp(currentConfig(), urls, walk),
      confirmCustody: async (groups) => options.yes || (await askCustody(groups)),
      onEvent: (event) => progress.show(event),
    })
    progress.end()
    describe(result, options.json, stopping.signal.aborted && !options.follow)
  } finally {
    progress.end()
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

async function askCustody(groups: string[]): Promise<boolean> {
  // Without anybody to answer, the refusal names them.
  if (!process.stdin.isTTY) return false
  for (const group of groups) process.stderr.write(`${group}\n`)
  return await confirm(
    'Nobody confirmed this. What is in custody becomes a liability in the ledger. Is it right?',
  )
}

function describe(result: AdoptionResult, json: boolean, interrupted: boolean): void {
  if (json) print(JSON.stringify(result, null, 2))
  if (interrupted)
    throw new Finding('Interrupted: run fairlock db up again, and it goes on where it stopped.')
  if (json) return
  for (const { table, in: old, carried, quarantined } of result.counts) {
    const others = Math.abs(old - carried - quarantined)
    const rest = others > 0 ? `, ${others} written or deleted meanwhile, carried after this count` : ''
    print(`${table.padEnd(20)} ${old} old rows: ${carried} carried, ${quarantined} quarantined${rest}`)
  }
  const { retries, lockWaits } = result.troubles
  if (retries > 0) print(`${retries} batches were tried again, ${lockWaits} of them because of a lock.`)
  if (result.counts.some(({ quarantined }) => quarantined > 0))
    print('See fairlock db quarantine list for what could not be carried and why.')
  if (result.phase === 'beside')
    print(
      'Both applications can be served now. fairlock db verify compares everything; fairlock db down gives the ' +
        'database back to the old application; fairlock db contract ends the take-over.',
    )
}

/** A whole number above 0, as an option's value. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number above 0.')
  return Number.parseInt(text, 10)
}
