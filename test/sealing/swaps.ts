import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { newId } from '../../src/platform/index.ts'
import { keyIdOf, type Place, SEALED_COLUMNS, Unsealable } from '../../src/platform/sealing/index.ts'
import type { Market } from '../support/market.ts'

type Sealed = { place: Place; text: string; sealed: string; owner: string | null }
export type SwapFigures = {
  opened: number
  sameKey: number
  otherKey: number
  byPart: Record<string, number>
}

const PEOPLE = 12
const VALUES = 200

/**
 * Moves sealed values to places where others are, `swaps` of them, half between values of one person, which have the
 * same data key, and looks whether any opens there; those put back must open.
 */
export async function swapCiphertexts(market: Market, swaps: number): Promise<SwapFigures> {
  const people = await Promise.all(Array.from({ length: PEOPLE }, (_, i) => market.person(`swap${i}`)))
  const values: Sealed[] = []
  for (let i = 0; i < VALUES; i++) {
    const owner = people[i % PEOPLE]!.id
    const { table, column } = SEALED_COLUMNS[randomInt(SEALED_COLUMNS.length)]!
    // Some rows hold several values: the columns of one row are to be kept apart as well.
    const row = i % 4 === 0 || values.length < PEOPLE ? newId() : values[i - PEOPLE]!.place.row
    const place = { table, column, row, ...(i % 3 === 0 ? { purpose: `purpose ${i % 9}` } : {}) }
    const text = `secret ${i}`
    values.push({ place, text, owner, sealed: await market.sealer.seal(owner, place, Buffer.from(text)) })
  }
  const figures: SwapFigures = {
    opened: 0,
    sameKey: 0,
    otherKey: 0,
    byPart: { table: 0, column: 0, row: 0, purpose: 0 },
  }
  while (figures.sameKey + figures.otherKey < swaps) {
    const from = values[randomInt(VALUES)]!
    const wantsSame = figures.sameKey <= figures.otherKey
    const to = values[randomInt(VALUES)]!
    const isSameKey = keyIdOf(from.sealed) === keyIdOf(to.sealed)
    const parts = (['table', 'column', 'row', 'purpose'] as const).filter(
      (part) => from.place[part] !== to.place[part],
    )
    if (parts.length === 0 || isSameKey !== wantsSame) continue
    for (const part of parts) figures.byPart[part]!++
    figures[isSameKey ? 'sameKey' : 'otherKey']++
    if (await opens(market, from, to.place)) figures.opened++
  }
  for (const { owner, place, sealed, text } of values)
    assert.equal((await market.sealer.open(owner, place, sealed)).toString(), text)
  return figures
}

/** For its own owner, so that the place alone has to keep it shut. */
async function opens(market: Market, { owner, sealed }: Sealed, place: Place): Promise<boolean> {
  try {
    await market.sealer.open(owner, place, sealed)
    return true
  } catch (error) {
    if (error instanceof Unsealable) return false
    throw error
  }
}
