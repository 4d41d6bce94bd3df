// A reporter for node --test that says what took longest, just before the counts.
import { relative } from 'node:path'

const SHOWN = 10
const WORTH_TELLING_MS = 200

export default async function* slowReporter(events) {
  const took = []
  for await (const { type, data } of events) {
    if ((type === 'test:pass' || type === 'test:fail') && data.details?.type !== 'suite') {
      took.push({ ms: data.details?.duration_ms ?? 0, name: data.name, file: data.file })
    }
    // The plan of the whole run, which belongs to no file, comes last before the counts.
    if (type === 'test:plan' && data.nesting === 0 && !data.file) yield slowest(took)
  }
}

function slowest(took) {
  const perFile = Map.groupBy(took, ({ file }) => file ?? '')
  const files = [...perFile].map(([file, tests]) => ({
    ms: tests.reduce((sum, { ms }) => sum + ms, 0),
    text: file && relative(process.cwd(), file),
  }))
  const tests = took.map(({ ms, name, file }) => ({
    ms,
    text: `${name} (${file && relative(process.cwd(), file)})`,
  }))
  return `${list('Slowest files', files)}${list('Slowest tests', tests)}`
}

function list(title, entries) {
  const shown = entries
    .filter(({ ms }) => ms >= WORTH_TELLING_MS)
    .sort((a, b) => b.ms - a.ms)
    .slice(0, SHOWN)
  if (shown.length === 0) return ''
  return `${title}\n${shown.map(({ ms, text }) => `  ${(ms / 1000).toFixed(1).padStart(6)} s  ${text}\n`).join('')}`
}
