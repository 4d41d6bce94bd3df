import type { Race } from './arena.ts'
import { balances } from './balances.ts'
import { disputes } from './disputes.ts'
import { ending } from './ending.ts'
import { taking } from './taking.ts'
import { tangle } from './tangle.ts'

export const EVERY_RACE: readonly Race[] = [...taking, ...ending, ...disputes, ...tangle, ...balances]
