import type { Driver } from './driver.ts'
import type { BenchServer } from './server.ts'

/** How much of everything, and for how long. */
export type Scale = {
  rounds: number
  seconds: number
  warmUpSeconds: number
  /** Of TPC-B: 100,000 accounts each. */
  tpcbScale: number
  people: number
  offersFew: number
  offersMany: number
  pastTrades: number
}

export type Context = {
  server: BenchServer
  driver: Driver
  scale: Scale
  /** Shows what is going on. */
  progress(text: string): void
  /** Something to undo at the end, also when the run is broken off; the last one first. */
  atEnd(undo: () => Promise<void>): void
}

export type Unit = 'per second' | 'ms' | 's' | 'rows' | 'bytes' | 'trips'
export type Figures = Record<string, number>

/** One thing that is run in every round, and the figures that a run gives. */
export type Subject = {
  figures: Record<string, Unit>
  /** Brings everything into the state that each run starts from. */
  reset?(): Promise<void>
  run(): Promise<Figures>
}

/** What is promised: a figure, as it is or measured by another one. */
export type Target = {
  id: string
  title: string
  figure: string
  to: string | null
  wanted: { least: number } | { most: number }
}

/** Subjects that are measured against each other, round by round. */
export type Phase = {
  name: string
  targets: readonly Target[]
  /** Figures that are only told. */
  told: readonly string[]
  open(context: Context, wanted: ReadonlySet<string>): Promise<Subject[]>
}
