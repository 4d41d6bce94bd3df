import { Decimal } from 'decimal.js'
import { isLosslessNumber } from 'lossless-json'
import type { MarketFacts } from '../board.ts'
import { Exact } from '../exact.ts'
import { SourceError, type SourceReading, type Tick } from './source.ts'

/** As many digits has what we compute of a source's prices; what it says itself is kept as it is. */
const COMPUTED_DIGITS = 20
/** A number that is longer, larger or smaller is no price of anything. */
const LONGEST = 40
const LARGEST = new Exact('1e24')
const SMALLEST = new Exact('1e-24')
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/

/** Collects the prices of one answer, and counts what is left out. */
export class Reading {
  readonly #ticks = new Map<string, Tick>()
  readonly #facts: MarketFacts[] = []
  readonly #dropped: Record<string, number> = {}
  #trouble: SourceError | null = null

  /** Takes a price if it can be one. `as`: what the source writes it as. */
  add(base: string, quote: string, value: unknown, at: Date, as: 'number' | 'text' = 'number'): void {
    const price = this.price(value, as)
    if (price !== null) this.#keep(base, quote, price, at)
  }

  /** Takes a price that was computed from some of the source's own. */
  take(base: string, quote: string, price: Decimal, at: Date): void {
    this.#keep(base, quote, price.toSignificantDigits(COMPUTED_DIGITS), at)
  }

  #keep(base: string, quote: string, price: Decimal, at: Date): void {
    this.#ticks.set(`${base}/${quote}`, { base, quote, price: price.toFixed(), at: at.toISOString() })
  }

  /** A value as a price; null, and counted, when it is none. */
  price(value: unknown, as: 'number' | 'text' = 'number'): Decimal | null {
    const found = decimalOf(value, as)
    if (found instanceof Decimal) return found
    this.#drop(found)
    return null
  }

  addFacts(facts: MarketFacts): void {
    this.#facts.push(facts)
  }

  /** Does something that the prices do not need. Its failure is kept beside them. */
  async besides(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      this.#trouble ??= error
    }
  }

  /** What was collected; an answer without a single price is none. */
  done(): SourceReading {
    if (this.#ticks.size === 0) throw new SourceError('unexpected')
    return {
      ticks: [...this.#ticks.values()],
      facts: this.#facts,
      dropped: this.#dropped,
      trouble: this.#trouble,
    }
  }

  #drop(reason: string): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1
  }
}

type NoPrice = 'null' | 'not_a_number' | 'absurd' | 'not_positive'

function decimalOf(value: unknown, as: 'number' | 'text'): Decimal | NoPrice {
  if (value === null || value === undefined) return 'null'
  const text = as === 'text' ? value : isLosslessNumber(value) ? value.value : undefined
  if (typeof text !== 'string') return 'not_a_number'
  if (text.length > LONGEST) return 'absurd'
  if (!NUMBER.test(text)) return 'not_a_number'
  const number = new Exact(text)
  if (number.lte(0)) return 'not_positive'
  return number.gt(LARGEST) || number.lt(SMALLEST) ? 'absurd' : number
}

/** A number that is no price: a supply, a rank, a share. Null where there is none; zero is one. */
export function factOf(value: unknown): string | null {
  if (!isLosslessNumber(value) || value.value.length > LONGEST || !NUMBER.test(value.value)) return null
  const number = new Exact(value.value)
  return number.abs().gt(LARGEST) || number.lt(0) ? null : number.toFixed()
}

/** A member of a JSON object; undefined where there is none. */
export function member(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, name) ? Reflect.get(of, name) : undefined
}

/** A moment that a source gives in seconds or milliseconds since 1970, or as text. */
export function momentOf(value: unknown, unit: 'seconds' | 'milliseconds' | 'text'): Date | null {
  const text = isLosslessNumber(value) ? value.value : value
  if (typeof text !== 'string' || text.length > LONGEST) return null
  if (unit !== 'text' && !/^\d{1,15}(?:\.\d+)?$/.test(text)) return null
  const at = new Date(unit === 'text' ? text : Number(text) * (unit === 'seconds' ? 1000 : 1))
  return Number.isNaN(at.getTime()) ? null : at
}
