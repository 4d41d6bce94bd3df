import { Command, InvalidArgumentError } from 'commander'

export type BenchOptions = {
  quick: boolean
  json: boolean
  strict: boolean
  /** Targets to measure, P1 to P10; everything when absent. */
  only?: string[]
  rounds?: number
  seconds?: number
  /** How many past trades P6 and P7 stand on. */
  past?: number
  seed?: number
}

/** `fairlock bench`; the benchmark itself is in bench/ and read only when it runs. */
export function benchCommand(bench: (options: BenchOptions) => Promise<void>): Command {
  return new Command('bench')
    .description('the benchmark, on a PostgreSQL of its own: about a quarter of an hour of the whole machine')
    .option('--quick', 'smaller and shorter, about two minutes', false)
    .option('--only <targets>', 'of P1 to P10, separated by commas', (list: string) => list.split(','))
    .option('--rounds <n>', 'rounds; fewer than three judge nothing', number(1, 100))
    .option('--seconds <n>', 'length of one run', number(0.1, 3600))
    .option('--past <n>', 'past trades for P6 and P7; the full proof is 10000000', number(100, 100_000_000))
    .option('--seed <n>', 'of the order of runs', number(0, 2 ** 31))
    .option('--strict', 'exit code 1 unless every target is met', false)
    .option('--json', 'as JSON, with every run', false)
    .action((options: BenchOptions) => bench(options))
}

function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && value >= least && value <= most) return value
    throw new InvalidArgumentError(`it takes a number from ${least} to ${most}.`)
  }
}
