import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
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

/**
 * The package unpacks to the temporary folder of its process, where two test files would step on each other: hence a
 * process of its own, with a folder of its own.
 */
async function unpack(folder: string): Promise<Launch> {
  const packed = join(import.meta.dirname, '../../node_modules/@sparticuz/chromium/bin/al2023.tar.br')
  const program = `
    import chromium, { inflate } from '@sparticuz/chromium'
    chromium.setGraphicsMode = false
    const paths = [await chromium.executablePath(), await inflate(${JSON.stringify(packed)})]
    process.stdout.write(JSON.stringify(paths))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    env: { ...process.env, TMPDIR: folder },
  })
  const [executablePath, libraries] = JSON.parse(stdout) as [string, string]
  // The package's own configuration looks for the fonts under /tmp, wherever they are.
  const fonts = join(folder, 'fonts.conf')
  writeFileSync(fonts, fontConfiguration(folder))
  const env = { LD_LIBRARY_PATH: join(libraries, 'lib'), FONTCONFIG_FILE: fonts, HOME: folder }
  return { executablePath, env }
}

function fontConfiguration(folder: string): string {
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>`
}
