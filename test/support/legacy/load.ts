import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export type LoadOptions = { perSecond: number; connections?: number; seed?: number }
/** Milliseconds. */
export type Times = { count: number; p50: number; p99: number; max: number }
export type Failure = { at: number; request: string; statement: string; code: string | null; message: string }
export type Figures = {
  /** Requests that were answered, failed ones too; those times count from when each was due. */
  requests: number
  /** What each of them took, in the order of the answers. */
  took: number[]
  p50: number
  p99: number
  max: number
  /** The longest time in which requests were due and none was answered. */
  longestStall: number
  failures: Failure[]
  byRequest: Record<string, Times>
  /** From sending to the answer. */
  byStatement: Record<string, Times>
}
export type RunningApplication = {
  /** The figures since the last lap or the start, while it goes on. */
  lap(): Promise<Figures>
  /** Lets the requests under way end; the figures of the whole run. */
  stop(): Promise<Figures>
}
/** What the thread is asked and answers. */
export type Question = 'lap' | 'stop'
export type Answer = { ready: true } | { figures: Figures } | { broken: string }

/**
 * The old application, in a thread of its own so that it is not slowed down by what it is measured beside: requests come
 * at a fixed rate whether or not the earlier ones are answered, and wait for a free connection.
 */
export async function startOldApplication(url: string, options: LoadOptions): Promise<RunningApplication> {
  const worker = new Worker(new URL('./load-thread.ts', import.meta.url), {
    workerData: { url, connections: 8, seed: 1, ...options },
  })
  const hear = async (): Promise<Figures | null> => {
    const [answer] = (await once(worker, 'message')) as [Answer]
    if ('broken' in answer) throw new Error(`The old application broke: ${answer.broken}`)
    return 'figures' in answer ? answer.figures : null
  }
  await hear()
  const ask = async (question: Question): Promise<Figures> => {
    const heard = hear()
    worker.postMessage(question)
    const figures = await heard
    if (figures === null) throw new Error('The old application answered something else.')
    return figures
  }
  return {
    lap: () => ask('lap'),
    stop: async () => {
      const figures = await ask('stop')
      await worker.terminate()
      return figures
    },
  }
}
