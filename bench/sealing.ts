import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { openWith, sealWith } from '../src/platform/sealing/sealed.ts'
import type { Context, Figures, Phase, Subject } from './bench.ts'

const SEALED = 'sealing and opening 200 bytes, a thousand times'
const BARE = 'bare AES-256-GCM there and back of 200 bytes, a thousand times'
const SEALS = 'seals of a field of 64 bytes'
const OPENS = 'opens of a field of 64 bytes'
const SEALS_MB = 'seals of 1 MB'
const OPENS_MB = 'opens of 1 MB'

const KEY = randomBytes(32)
const KEY_ID = randomUUID()
const PLACE = {
  table: 'public.crypto_payment_methods',
  column: 'account_details_encrypted',
  row: randomUUID(),
}

/** P8: what the format costs beside the cipher: header, place and base64url. The data key is in memory, as it mostly is. */
export const sealing: Phase = {
  name: 'sealing',
  targets: [
    { id: 'P8', title: 'sealing a field; bare AES-256-GCM', figure: SEALED, to: BARE, wanted: { most: 2 } },
  ],
  told: [SEALS, OPENS, SEALS_MB, OPENS_MB],
  async open(context, wanted) {
    const field = randomBytes(200)
    const subjects: Subject[] = [
      {
        figures: { [SEALED]: 'ms' },
        run: async () =>
          thousands(context, SEALED, () => openWith(KEY, PLACE, sealWith(KEY, KEY_ID, PLACE, field))),
      },
      {
        figures: { [BARE]: 'ms' },
        run: async () => thousands(context, BARE, () => bareOpen(bareSeal(field))),
      },
    ]
    for (const [seals, opens, bytes] of [
      [SEALS, OPENS, 64],
      [SEALS_MB, OPENS_MB, 2 ** 20],
    ] as const) {
      const text = randomBytes(bytes)
      const sealed = sealWith(KEY, KEY_ID, PLACE, text)
      subjects.push({
        figures: { [seals]: 'per second', [opens]: 'per second' },
        run: async () => ({
          [seals]: rate(context, () => sealWith(KEY, KEY_ID, PLACE, text)),
          [opens]: rate(context, () => openWith(KEY, PLACE, sealed)),
        }),
      })
    }
    return subjects.filter(({ figures }) => Object.keys(figures).some((figure) => wanted.has(figure)))
  },
}

/** Times a second, for as long as a run lasts, after a warm-up of a tenth. */
function rate({ scale: { seconds } }: Context, work: () => unknown): number {
  repeat(seconds / 10, work)
  const began = performance.now()
  const times = repeat(seconds, work)
  return (times * 1000) / (performance.now() - began)
}

function repeat(seconds: number, work: () => unknown): number {
  const until = performance.now() + seconds * 1000
  let times = 0
  for (; performance.now() < until; times++) work()
  return times
}

function thousands(context: Context, figure: string, work: () => unknown): Figures {
  return { [figure]: 1_000_000 / rate(context, work) }
}

function bareSeal(text: Buffer): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', KEY, nonce)
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

function bareOpen(sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', KEY, sealed.subarray(0, 12), { authTagLength: 16 })
  decipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
}
