import { parentPort } from 'node:worker_threads'
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

// A password of 100 characters takes up to 150 ms to judge, and 1 to 80 as they mostly are: too long for the thread
// that answers requests. What lies behind the first 100 characters could only make it stronger.
const zxcvbn = new ZxcvbnFactory({
  dictionary,
  graphs: adjacencyGraphs,
  useLevenshteinDistance: true,
  maxLength: 100,
})

parentPort?.on('message', ({ id, password, words }: { id: number; password: string; words: string[] }) => {
  const { score, feedback } = zxcvbn.check(password, words)
  parentPort?.postMessage({ id, score, warning: feedback.warning })
})
