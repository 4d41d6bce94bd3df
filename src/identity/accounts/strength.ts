import { Worker } from 'node:worker_threads'

export type Strength = { score: number; warning: string | null }
type Waiting = { resolve: (strength: Strength) => void; reject: (error: Error) => void }

let worker: Worker | null = null
let last = 0
const waiting = new Map<number, Waiting>()

/**
 * How hard a password is to guess, 0 to 4, by zxcvbn with its dictionary of leaked passwords; `words` are what a
 * guesser would try for this person. Judged on a thread of its own.
 */
export function strengthOf(password: string, words: string[]): Promise<Strength> {
  worker ??= startWorker()
  const id = ++last
  const judged = new Promise<Strength>((resolve, reject) => waiting.set(id, { resolve, reject }))
  worker.ref()
  worker.postMessage({ id, password, words })
  return judged
}

function startWorker(): Worker {
  const started = new Worker(new URL('./strength.worker.ts', import.meta.url))
  started.on('message', ({ id, ...strength }: Strength & { id: number }) => {
    waiting.get(id)?.resolve(strength)
    waiting.delete(id)
    // The program may end while there is nothing to judge.
    if (waiting.size === 0) started.unref()
  })
  started.on('error', (error) => {
    worker = null
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  })
  return started
}
