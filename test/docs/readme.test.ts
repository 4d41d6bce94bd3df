import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { publishQuotes } from '../../src/prices/index.ts'
import { testQuotes } from '../support/quotes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const fence = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(readme)![1]!

const dataDir = mkdtempSync(join(tmpdir(), 'fairlock-readme-'))
const env = { ...process.env, FAIRLOCK_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error' }
let server: ChildProcess
let address: string
before(async () => {
  server = spawn(process.execPath, ['src/main.ts', 'serve'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  address = await said(server, /Fairlock is at (\S+)/)
  // `npm start` has the rates of its demo; without one a trade's value in dollars, which limits need, is not known yet.
  const url = execFileSync(process.execPath, ['src/main.ts', 'db', 'url', '--role', 'app'], {
    cwd: root,
    env,
    encoding: 'utf8',
  })
  const client = new pg.Client(url.trim())
  await client.connect()
  await publishQuotes(client, testQuotes())
  await client.end()
})
after(async () => {
  server.kill('SIGTERM')
  await once(server, 'exit')
  rmSync(dataDir, { recursive: true, force: true })
})

test('the trade of the README runs as it stands there and prints what it says, to the last decimal', async () => {
  const shell = spawn('sh', ['-eu'], {
    cwd: root,
    env: { ...env, FAIRLOCK: address },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  shell.stdin!.end(fence('sh'))
  let printed = ''
  shell.stdout!.on('data', (chunk) => {
    printed += chunk
  })
  const [code] = await once(shell, 'close')
  assert.equal(printed.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '…'), fence('text'))
  assert.equal(code, 0)
})

test('every file that a document links to is there', () => {
  const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: root })
  assert.ok(documents.includes('README.md'))
  for (const document of documents) {
    const text = readFileSync(join(root, document), 'utf8')
    for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      assert.ok(existsSync(join(root, dirname(document), link!)), `${document} links to ${link}`)
    }
  }
})

/** The first group of the pattern, as soon as the program has printed it. */
async function said(program: ChildProcess, pattern: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of program.stdout!.iterator({ destroyOnReturn: false })) {
    text += chunk
    const found = pattern.exec(text)?.[1]
    if (found !== undefined) return found
  }
  throw new Error(`the server ended before it said where it is: ${text}`)
}
