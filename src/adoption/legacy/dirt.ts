import { HISTORY_DIRT } from './dirt-history.ts'
import { MONEY_DIRT } from './dirt-money.ts'
import { PEOPLE_DIRT } from './dirt-people.ts'
import { TRADE_DIRT } from './dirt-trades.ts'
import type { Dirt } from './kind.ts'

/** All kinds of dirt; docs/operating/migration.md has them as a table, and a test compares the two. */
export const DIRT: readonly Dirt[] = [...PEOPLE_DIRT, ...MONEY_DIRT, ...HISTORY_DIRT, ...TRADE_DIRT]
