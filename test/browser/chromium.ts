import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium as playwright } from 'playwright-core'

const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/**
 * A real Chromium: the one of the variable CHROMIUM, else an installed one, else on Linux the one that comes with npm,
 * unpacked for the length of the test with its own libraries and fonts, so that it runs on a bare machine.
 */
export async function openBrowser(): Promise<{ browser: Browser; close(): Promise<void> }> {
  // Root has no sandbox, and the pages under test are our own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const executablePath = process.env.CHROMIUM ?? INSTALLED.find((path) => existsSync(path))
  if (executablePath) return opened({ executablePath, args })
  if (process.platform !== 'linux') return opened({ channel: 'chrome', args })
  const folder = mkdtempSync(join(tmpdir(), 'fairlock-browser-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    return await opened({ ...(await unpack(folder)), args: [...args, '--no-zygote'] }, remove)
  } catch (error) {
    remove()
    throw error
  }
}

type Launch = NonNullable<Parameters<typeof playwright.launch>[0]>

async function opened(options: Launch, afterwards: () => void = () => undefined) {
  const browser = await playwright.launch(options)
  return {
    browser,
    async close() {
      await browser.close()
      afterwards()
    },
  }
}

/** The package unpacks to the temporary folder of the process, where two test files would step on each other. */
async function unpack(folder: string): Promise<Launch> {
  const { default: chromium, inflate } = await import('@sparticuz/chromium')
  const before = process.env.TMPDIR
  process.env.TMPDIR = folder
  try {
    chromium.setGraphicsMode = false
    const executablePath = await chromium.executablePath()
    const packed = join(import.meta.dirname, '../../node_modules/@sparticuz/chromium/bin/al2023.tar.br')
    const libraries = join(await inflate(packed), 'lib')
    return {
      executablePath,
      env: { LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: join(folder, 'fonts'), HOME: folder },
    }
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}
