import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import {
  fileOf,
  keepReport,
  NotVerifiable,
  type SignedReport,
  sentence,
  signReport,
  textOf,
  verifyAdoption,
} from '../../adoption/index.ts'
import { openSigner, type Signer } from '../../audit/index.ts'
import { type Config, ConfigError, Database } from '../../platform/index.ts'
import { verify } from '../../platform/migrator/index.ts'
import { keyringInForce, Sealer } from '../../platform/sealing/index.ts'
import { type Connection, currentEnvironment } from '../connect.ts'
import { Finding, UsageError } from '../finding.ts'
import { print } from '../output.ts'
import { withProgress } from '../progress.ts'

export type VerifyOptions = { json: boolean; out?: string; requireSignature: boolean }

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string }

/** `fairlock db verify` of a database that is being taken over: a report for an auditor, signed. */
export async function verifyTakeOver(
  { ownerUrl, appUrl }: Connection,
  config: Config,
  { json, out, requireSignature }: VerifyOptions,
): Promise<void> {
  if (out !== undefined && existsSync(out))
    throw new UsageError(`${out} exists already. Name another file, or remove it first.`)
  try {
    const problems = await verify({ ownerUrl })
    const report = await withProgress(json, (onProgress) =>
      verifyAdoption(ownerUrl, { version, problems, onProgress }),
    )
    const signed = await withSigner(config, ownerUrl, appUrl, async (signer) => signReport(report, signer))
    await keepReport(ownerUrl, signed)
    if (out !== undefined) await writeFile(out, fileOf(signed), { flag: 'wx', mode: 0o600 })
    if (json) process.stdout.write(fileOf(signed))
    else print(textOf(signed))
    judge(signed, requireSignature)
  } catch (error) {
    if (error instanceof NotVerifiable) throw new Finding(error.message)
    throw error
  }
}

function judge({ report, signature }: SignedReport, requireSignature: boolean): void {
  const [first] = report.findings
  if (first !== undefined) {
    throw new Finding(
      `${report.wrong} things are wrong. The first: ${sentence(first)}\n${first.todo}\n` +
        'docs/operating/migration.md has the rest.',
    )
  }
  if (signature !== null) return
  const unsigned = 'The report is not signed: FAIRLOCK_KEYRING is not set.'
  if (requireSignature) throw new Finding(unsigned)
  process.stderr.write(`${unsigned}\n`)
}

/** The key that signs the audit log signs reports too. Where no keyring is configured, nothing does. */
async function withSigner<T>(
  config: Config,
  ownerUrl: string,
  appUrl: string,
  work: (signer: Signer | null) => Promise<T>,
): Promise<T> {
  const keyring = await keyringInForce(config, ownerUrl, currentEnvironment()).catch((error: Error) => {
    if (error instanceof ConfigError) return null
    throw error
  })
  if (keyring === null) return work(null)
  const db = new Database(appUrl, { connections: 1 })
  const sealer = new Sealer(db, keyring)
  try {
    return await work(await openSigner(ownerUrl, db, sealer))
  } finally {
    sealer.close()
    await db.close()
    await keyring.close()
  }
}
