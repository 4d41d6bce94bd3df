import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { openSigner } from '../../audit/index.ts'
import {
  checkSnapshot,
  headsFileBeside,
  judge,
  type Proof,
  publishHeads,
  takeSnapshot,
} from '../../operations/index.ts'
import { Database } from '../../platform/index.ts'
import { keyringInForce, Sealer } from '../../platform/sealing/index.ts'
import { currentEnvironment, withDatabase } from '../connect.ts'
import { Finding, UsageError } from '../finding.ts'
import { print, printTable } from '../output.ts'
import { withProgress } from '../progress.ts'

/** `fairlock liabilities …`: what people are owed, as a tree that each can find their own leaf in. */
export function liabilitiesCommand(): Command {
  const liabilities = new Command('liabilities').description(
    'proof of liabilities: take a snapshot, check one, verify a proof',
  )
  liabilities
    .command('snapshot')
    .description('take and publish a snapshot now, beside those that the background work takes')
    .option('--json', 'as JSON', false)
    .action(({ json }: { json: boolean }) => snapshot(json))
  liabilities
    .command('check')
    .description('compute a snapshot anew from its leaves, and compare it with the ledger as it was then')
    .argument('[snapshot]', 'its id or number', 'latest')
    .option('--json', 'as JSON', false)
    .action((which: string, { json }: { json: boolean }) => check(which, json))
  liabilities
    .command('verify')
    .description('verify the proof that somebody was given; needs no database')
    .argument('<file>', 'the answer of GET /v1/me/liabilities/latest?currency=…')
    .option('--root <hash>', 'the root or head that it has to be')
    .action((file: string, { root }: { root?: string }) => verify(file, root))
  return liabilities
}

async function snapshot(json: boolean): Promise<void> {
  const taken = await withProgress(json, (show) =>
    withDatabase(async ({ ownerUrl, appUrl }, config) => {
      const keyring = await keyringInForce(config, ownerUrl, currentEnvironment())
      const db = new Database(appUrl, { connections: 1 })
      const sealer = new Sealer(db, keyring)
      try {
        const signer = await openSigner(ownerUrl, db, sealer)
        const made = await takeSnapshot(ownerUrl, signer, {
          onProgress: (currency, leaves, of) => show(`${currency} ${leaves}/${of}`),
        })
        await publishHeads(db, headsFileBeside(config.auditRoots))
        return made
      } finally {
        sealer.close()
        await db.close()
        await keyring.close()
      }
    }),
  )
  if (taken === null) throw new Finding('Another process is taking a snapshot right now. Nothing was done.')
  if (json) print(JSON.stringify(taken, null, 2))
  else {
    print(`Snapshot ${taken.number} (${taken.id}) as of ${taken.asOf}, head ${taken.head}`)
    printTable([
      ['currency', 'people', 'leaves', 'total', 'root'],
      ...taken.trees.map(({ currency, people, leaves, total, root }) => [
        currency,
        String(people),
        String(leaves),
        total,
        root,
      ]),
    ])
  }
}

async function check(which: string, json: boolean): Promise<void> {
  const found = await withDatabase(({ ownerUrl }) => checkSnapshot(ownerUrl, which))
  if (found === null) throw new UsageError(`there is no snapshot ${which}`)
  if (json) print(JSON.stringify(found, null, 2))
  else {
    print(`Snapshot ${found.snapshot.number} (${found.snapshot.id}) as of ${found.snapshot.asOf}`)
    if (found.retired) print('Its leaves are no longer kept: only its head and signature were checked.')
    else {
      printTable([
        ['currency', 'people', 'erased', 'leaves', 'published', 'ledger then'],
        ...found.trees.map(({ currency, people, erased, leaves, total, books }) => [
          currency,
          String(people),
          String(erased),
          String(leaves),
          total,
          books,
        ]),
      ])
    }
    for (const finding of found.findings) print(`wrong: ${finding}.`)
  }
  if (found.findings.length > 0) {
    throw new Finding(
      `The snapshot is wrong: ${found.findings[0]}.\nKeep the database as it is, and go on with docs/operating/liabilities.md.`,
    )
  }
}

function verify(file: string, expected: string | undefined): void {
  if (expected !== undefined && !/^[0-9a-f]{64}$/.test(expected)) {
    throw new UsageError('--root takes 64 lower-case hexadecimal digits')
  }
  const proof = readProof(file)
  const { wrong, total, root } = judge(proof)
  if (wrong.length === 0 && expected !== undefined && expected !== root && expected !== proof.snapshot.head) {
    wrong.push(`the root is ${root}, not ${expected}`)
  }
  if (wrong.length > 0) {
    // They quote the file, which must not move the cursor and write another verdict over this one.
    throw new Finding(`Not proven: ${wrong.join('; ').replace(/\p{C}/gu, '?')}.`)
  }
  const { leaf, currency, snapshot: published } = proof
  print(
    `Proven: ${leaf.userId} is counted with ${leaf.available} ${currency} available and ${leaf.held} in escrow, in a ` +
      `total of ${total} as of ${published.asOf}.\nroot ${root}\nhead ${published.head}\nsigned by ${published.publicKey}\n` +
      'Not proven: that others are counted, that they were shown the same head, and that the coins are there.',
  )
}

function readProof(file: string): Proof {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Proof
  } catch (error) {
    throw new UsageError(`${file} cannot be read as JSON: ${error instanceof Error ? error.message : error}`)
  }
}
