import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
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
    return await opened({ ...(await unpacked(folder)), args: [...args, '--no-zygote'] }, remove)
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

/** In a run of many files they share what the first has unpacked: the run's temporary folder goes at its end. */
async function unpacked(folder: string): Promise<Launch> {
  if (process.env.FAIRLOCK_TEST_SERVER === undefined) return launchOf(await unpack(folder), folder)
  const shared = join(tmpdir(), 'fairlock-chromium')
  if (!existsSync(shared)) {
    const own = mkdtempSync(`${shared}-`)
    await unpack(own)
    try {
      renameSync(own, shared)
    } catch (error) {
      // Another file was as fast; a folder is only there when it is whole.
      if (!existsSync(shared)) throw error
      rmSync(own, { recursive: true, force: true })
    }
  }
  return launchOf(shared, folder)
}

/**
 * The package unpacks to the temporary folder of its process, where two test files would step on each other: hence a
 * process of its own, with a folder of its own. Gives that folder.
 */
async function unpack(folder: string): Promise<string> {
  const packed = join(import.meta.dirname, '../../node_modules/@sparticuz/chromium/bin/al2023.tar.br')
  const program = `
    import chromium, { inflate } from '@sparticuz/chromium'
    chromium.setGraphicsMode = false
    await chromium.executablePath()
    await inflate(${JSON.stringify(packed)})`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    env: { ...process.env, TMPDIR: folder },
  })
  return folder
}

/** How it is started from where it lies; `home` is for what it writes. */
function launchOf(folder: string, home: string): Launch {
  // The package's own configuration looks for the fonts under /tmp, wherever they are.
  const fonts = join(home, 'fonts.conf')
  writeFileSync(fonts, fontConfiguration(folder, home))
  const env = { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_FILE: fonts, HOME: home }
  return { executablePath: join(folder, 'chromium'), env }
}

function fontConfiguration(folder: string, home: string): string {
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${folder}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${home}/fonts-cache</cachedir></fontconfig>`
}
