// A child process that migrates and kills itself, as `kill -9` would, when it is told of its n-th statement.
import { down, type StepProgress, up } from '../../src/platform/migrator/index.ts'

const [direction, ownerUrl, appUrl, migrations, code, statement] = process.argv.slice(2) as string[]
let seen = 0

const options = {
  ownerUrl: ownerUrl!,
  appUrl: appUrl!,
  migrations: migrations!,
  code: code!,
  onProgress: (progress: StepProgress) => {
    if (progress.message === undefined && ++seen === Number(statement)) process.kill(process.pid, 'SIGKILL')
  },
}

await (direction === 'up' ? up(options) : down({ ...options, to: '1' }))
