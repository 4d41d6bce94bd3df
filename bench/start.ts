import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answered, cleanEnvironment, freePort, stop } from './api-server.ts'
import type { Context, Phase } from './bench.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const START = 'npm start to the first answer, second time'

/** P9: `npm start` on a data folder that is there already. */
export const start: Phase = {
  name: 'start',
  targets: [{ id: 'P9', title: 'npm start, second time', figure: START, to: null, wanted: { most: 3 } }],
  told: [],
  async open(context) {
    context.progress('npm start, first time')
    await startAndStop(context)
    return [{ figures: { [START]: 's' }, run: async () => ({ [START]: await startAndStop(context) }) }]
  },
}

async function startAndStop({ server, atEnd }: Context): Promise<number> {
  const port = await freePort()
  const began = performance.now()
  const child = spawn('npm', ['start'], {
    cwd: ROOT,
    stdio: 'ignore',
    env: { ...cleanEnvironment(), PORT: `${port}`, FAIRLOCK_DATA_DIR: join(server.folder, 'started') },
  })
  atEnd(() => stop(child))
  await answered(`http://127.0.0.1:${port}/v1/offers`, child)
  const seconds = (performance.now() - began) / 1000
  await stop(child)
  return seconds
}
