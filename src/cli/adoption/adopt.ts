import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Command } from 'commander'
import {
  type InForce,
  type Mapping,
  MappingError,
  mayReplace,
  parseMapping,
  type Recognition,
  readInForce,
  recognise,
  recordMapping,
  requireMapping,
} from '../../adoption/index.ts'
import { withSession } from '../../platform/migrator/index.ts'
import { withDatabase } from '../connect.ts'
import { Finding, UsageError } from '../finding.ts'
import { confirm, print } from '../output.ts'
import { withProgress } from '../progress.ts'
import { describe, nameOfGroup } from './describe.ts'

type Options = {
  json: boolean
  mapping?: string
  writeMapping?: string
  yes: boolean
  record: boolean
}

/** `fairlock db adopt`: looks at an old database and records how it will be taken over. */
export function adoptCommand(): Command {
  return new Command('adopt')
    .description('recognises the database of an older platform, reports what needs care, records the mapping')
    .option('--json', 'the report as JSON', false)
    .option('--mapping <file>', 'use this edited mapping')
    .option('--write-mapping <file>', 'write the mapping to a file, to edit it')
    .option('--yes', 'the mapping is right: confirm it without being asked', false)
    .option('--no-record', 'only report')
    .option('--report-only', 'the same as --no-record', false)
    .action((options: Options & { reportOnly: boolean }) =>
      withDatabase(({ ownerUrl }) =>
        adopt(ownerUrl, { ...options, record: options.record && !options.reportOnly }),
      ),
    )
}

async function adopt(ownerUrl: string, options: Options): Promise<void> {
  const edited = options.mapping === undefined ? undefined : readMapping(options.mapping)
  const inForce = await withSession(ownerUrl, readInForce)
  const found = await withProgress(options.json, (show) =>
    recognise(ownerUrl, {
      mapping: edited ?? (inForce === null ? undefined : requireMapping(inForce.mapping)),
      onProgress: (what) => show(`looking at ${what}`),
    }),
  )
  if (!options.json) describe(found, inForce)
  const mapping = await settle(found, options)
  if (options.writeMapping !== undefined) {
    const written = mapping?.mapping ?? found.mapping ?? found.draft
    writeFileSync(
      options.writeMapping,
      `${JSON.stringify(written, null, 2)}
`,
    )
  }
  const recorded = await record(ownerUrl, found, mapping, inForce, options)
  if (options.json) print(asJson(found, inForce, mapping, recorded))
  else if (recorded !== null) print(sayRecorded(mapping!.confirmed, inForce, options))
  if (found.blockers.length > 0)
    throw new Finding(`${found.blockers.length} things stand in the way; nothing was recorded.`)
  if (edited !== undefined && options.record && recorded === null)
    throw new Finding(
      `The mapping was not recorded: the take-over is ${inForce!.phase}. Confirm it with --yes.`,
    )
}

function readMapping(file: string): Mapping {
  try {
    return parseMapping(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof MappingError) throw new UsageError(`${file}: ${error.message}`)
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/** The mapping as people leave it: whose coins they are is asked where that is not certain. */
async function settle(
  found: Recognition,
  options: Options,
): Promise<{ mapping: Mapping; confirmed: boolean } | null> {
  if (found.mapping === null || found.blockers.length > 0) return null
  if (options.yes) return { mapping: found.mapping, confirmed: true }
  if (options.json || !options.record || !process.stdin.isTTY)
    return { mapping: found.mapping, confirmed: false }
  const mapping = { ...found.mapping, wallets: await askForCustody(found.mapping.wallets) }
  const confirmed = await confirm('Is this mapping right, and are the wallets marked so in your custody?')
  return { mapping, confirmed }
}

async function askForCustody(groups: Mapping['wallets']): Promise<Mapping['wallets']> {
  if (groups.every(({ certain }) => certain)) return groups
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  const settled: Mapping['wallets'] = []
  for (const group of groups) {
    if (group.certain) {
      settled.push(group)
      continue
    }
    const answer = await reader.question(
      `${nameOfGroup(group)}: are these coins in your custody? [y/n, anything else leaves it open] `,
    )
    const custody = /^y(es)?$/i.test(answer.trim())
    const certain = custody || /^no?$/i.test(answer.trim())
    settled.push(certain ? { ...group, custody, certain } : group)
  }
  reader.close()
  return settled
}

/** When it was recorded; null when it was not. */
async function record(
  ownerUrl: string,
  found: Recognition,
  settled: { mapping: Mapping; confirmed: boolean } | null,
  inForce: InForce | null,
  options: Options,
): Promise<Date | null> {
  if (settled === null || !options.record) return null
  // Once rows are carried, only a mapping that somebody hands in and confirms takes the place of the one in force.
  const isUnderWay = inForce !== null && !mayReplace(inForce.phase)
  if (isUnderWay && (options.mapping === undefined || !settled.confirmed)) return null
  await withSession(ownerUrl, (session) => recordMapping(session, { ...settled, shapes: found.shapes }))
  return new Date()
}

function sayRecorded(confirmed: boolean, inForce: InForce | null, { writeMapping }: Options): string {
  if (inForce !== null && !mayReplace(inForce.phase))
    return (
      'Recorded and confirmed, and in force from now on. fairlock db quarantine retry tries the rows again that waited for ' +
      'it; fairlock db up goes through the others, too.'
    )
  const edit = `edit it with --write-mapping FILE and --mapping FILE`
  return confirmed
    ? 'Recorded and confirmed. fairlock db plan shows what comes next, fairlock db up goes on with it.'
    : `Recorded, but not confirmed${writeMapping === undefined ? '' : ` (and written to ${writeMapping})`}: read the mapping, ` +
        `${edit}, and confirm it with fairlock db adopt --yes.`
}

function asJson(
  found: Recognition,
  inForce: InForce | null,
  settled: { mapping: Mapping; confirmed: boolean } | null,
  recordedAt: Date | null,
): string {
  const { shapes: _, draft: __, ...rest } = found
  const before = inForce === null ? null : { ...inForce, mapping: undefined }
  return JSON.stringify(
    {
      ...rest,
      mapping: settled?.mapping ?? found.mapping,
      inForce: before,
      recordedAt,
      confirmed: recordedAt !== null && settled!.confirmed,
    },
    null,
    2,
  )
}
