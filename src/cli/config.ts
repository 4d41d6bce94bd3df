import { Command } from 'commander'
import { describeConfig } from '../platform/index.ts'
import { currentConfig } from './connect.ts'
import { print, printTable } from './output.ts'

export function configCommand(): Command {
  return new Command('config')
    .description('what is in force, secrets masked')
    .option('--json', 'as JSON', false)
    .action((options: { json: boolean }) => {
      const rows = describeConfig(currentConfig())
      if (options.json)
        print(JSON.stringify(Object.fromEntries(rows.map((row) => [row.variable, row.value])), null, 2))
      else printTable(rows.map((row) => [row.variable, row.value, row.about]))
    })
}
