import { execFile } from 'node:child_process'
import { type Market, TEST_KEYS } from '../support/market.ts'

/** Runs a command of the program on a market's database; files of its own go into a folder. */
export function fairlock(
  { database }: Market,
  folder: string,
  ...args: string[]
): Promise<{ code: unknown; out: string; err: string }> {
  const env = {
    ...process.env,
    ...TEST_KEYS,
    DATABASE_URL: database.ownerUrl,
    FAIRLOCK_APP_DATABASE_URL: database.appUrl,
    FAIRLOCK_KEYRING: 'env:TEST_KEYRING',
    FAIRLOCK_AUDIT_ROOTS: `${folder}/audit-roots.jsonl`,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    )
  })
}
