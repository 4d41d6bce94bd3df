import type { RateLimit } from '../../identity/index.ts'
import { type Caller, type Database, type Idempotency, newId, Problem } from '../../platform/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import { openText, placeOf, shown } from './open.ts'
import type { Message, SealedMessage } from './schemas.ts'
import { cleanText } from './text.ts'
import { warningsOf } from './warnings.ts'

export type Post = { tradeId: string; text: string }
type Written = Omit<SealedMessage, 'sealed'>

/**
 * Seals a message with its author's key and writes it. Throws the `Problem` that the chat refuses with, among them
 * too_many_requests, and `KeyringError`.
 */
export async function postMessage(
  { db, sealer, limit }: { db: Database; sealer: Sealer; limit: RateLimit },
  caller: Caller,
  post: Post,
  once: Idempotency | null,
): Promise<Message> {
  const { tradeId } = post
  const text = cleanText(post.text)
  const { me } = await db.call<{ me: string }>(caller, 'select fairlock.chat_author($1) as answer', [tradeId])
  await limit(`${me} ${tradeId}`)
  const messageId = newId()
  const written = await sealer.store(me, placeOf(messageId), Buffer.from(text), (sealed) =>
    db.command<Written>(
      caller,
      'post_message',
      { tradeId, messageId, text: sealed, warnings: warningsOf(text) },
      once,
    ),
  )
  if (written.id !== messageId) await refuseOtherText({ db, sealer }, caller, written.id, text)
  return shown({ ...written, sealed: null }, text)
}

/**
 * An idempotency key remembers what was asked for by a hash, and a hash of a short text is the text to whoever guesses.
 * So the text is no part of it: a repeated request is compared with the sealed message itself. Throws `Problem`
 * idempotency_key_reused when the earlier one said something else.
 */
async function refuseOtherText(
  { db, sealer }: { db: Database; sealer: Sealer },
  caller: Caller,
  messageId: string,
  text: string,
): Promise<void> {
  const earlier = await db.call<{ author: string; sealed: string | null }>(
    caller,
    'select fairlock.own_message($1) as answer',
    [messageId],
  )
  const said =
    earlier.sealed === null ? null : await openText(sealer, earlier.author, messageId, earlier.sealed)
  if (said !== text) throw new Problem('idempotency_key_reused')
}
