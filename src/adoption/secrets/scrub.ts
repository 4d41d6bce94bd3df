import { engineSteps } from '../../platform/index.ts'
import { withSession } from '../../platform/migrator/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import { readShapes } from '../catalog.ts'
import { noteDeed, tellDeeds } from '../deeds.ts'
import type { Mapping } from '../mapping.ts'
import type { OldColumn, Shape } from '../tables.ts'
import { keyOf, quote } from '../views.ts'
import { type Clear, findSecrets } from './find.ts'
import { isSame, sealedAt } from './seal.ts'

/** `unsealed`: what stands in clear and is not sealed as it is now; it is left where it is. */
export type ScrubReport = { scrubbed: number; unsealed: number; tables: string[] }

/** What is written where a secret was. */
const MARK = '{"sealed": true}'

/**
 * Takes the secrets that are sealed out of the old rows, and writes a mark in their place. The old application reads
 * those rows: nobody does this without being asked to. What is not sealed, or has changed since, stays.
 */
export async function scrubSecrets(
  ownerUrl: string,
  sealer: Sealer,
  mapping: Mapping,
  { signal, reason }: { signal?: AbortSignal | undefined; reason?: string | undefined } = {},
): Promise<ScrubReport> {
  const report: ScrubReport = { scrubbed: 0, unsealed: 0, tables: [] }
  await withSession(ownerUrl, async (session) => {
    const shapes = await readShapes(session)
    await engineSteps(ownerUrl, async (client) => {
      await noteDeed(session, { action: 'scrub_began', reason })
      await tellDeeds(session)
      for await (const found of findSecrets(client, { signal })) {
        for (const clear of found.clear) {
          const known = await sealedAt(client, clear)
          if (known === null || !(await isSame(sealer, known, clear.value))) {
            report.unsealed++
            continue
          }
          const shape = shapes.find(({ table }) => table === clear.table)!
          const { rowCount } = await session.query(...removal(shape, mapping, clear))
          report.scrubbed += rowCount ?? 0
          const name = `${quote(shape.schema)}.${quote(shape.table)}`
          if (!report.tables.includes(name)) report.tables.push(name)
        }
      }
    })
    await noteDeed(session, { action: 'scrubbed', reason, details: report })
    await tellDeeds(session)
  })
  return report
}

/** The statement that replaces a secret in its old row, as long as it is still there. */
function removal(shape: Shape, mapping: Mapping, { table, key, path, value }: Clear): [string, unknown[]] {
  const column = columnOf(shape, mapping.tables[table][path[0]!] ?? path[0]!)
  const [name, id] = [quote(column.name), quote(keyOf(shape).name)]
  const where = `where ${id} = $1::${keyOf(shape).type}`
  const relation = `${quote(shape.schema)}.${quote(shape.table)}`
  if (path.length === 1) {
    return [
      `update ${relation} set ${name} = $3::${column.type} ${where} and ${name}::text = $2`,
      [key, isJson(column) ? JSON.stringify(value) : value, MARK],
    ]
  }
  return [
    `update ${relation} set ${name} = jsonb_set(${name}::jsonb, $3, $4, false)::${column.type}
     ${where} and ${name}::jsonb #>> $3 = $2`,
    [key, value, path.slice(1), MARK],
  ]
}

const isJson = (column: OldColumn) => column.type === 'json' || column.type === 'jsonb'

function columnOf(shape: Shape, name: string): OldColumn {
  const column = shape.columns.find((one) => one.name === name)
  if (column === undefined) throw new Error(`the old table ${shape.table} has no column ${name} any more`)
  return column
}
