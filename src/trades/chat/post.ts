import type { RateLimit } from '../../identity/index.ts'
import {
  type Caller,
  type Database,
  type Idempotency,
  type JsonObject,
  newId,
  Problem,
} from '../../platform/index.ts'
import type { Sealer } from '../../platform/sealing/index.ts'
import { openMessages, placeOf } from './open.ts'
import type { Message, SealedMessage } from './schemas.ts'
import { cleanText } from './text.ts'
import { warningsOf } from './warnings.ts'

export type Post = { tradeId: string; text: string | undefined; fileIds: string[] }

/**
 * Seals a message with its author's key and writes it. Throws the `Problem` that the chat refuses with, among them
 * too_many_requests, and `KeyringError`.
 */
export async function postMessage(
  { db, sealer, limit }: { db: Database; sealer: Sealer; limit: RateLimit },
  caller: Caller,
  { tradeId, text: said, fileIds }: Post,
  once: Idempotency | null,
): Promise<Message> {
  const text = said === undefined ? null : cleanText(said)
  if (text === null && fileIds.length === 0)
    throw new Problem('invalid_request', {}, [{ field: 'text', problem: 'is missing, and so are files' }])
  const { me } = await db.call<{ me: string }>(caller, 'select fairlock.chat_author($1) as answer', [tradeId])
  await limit(`${me} ${tradeId}`)
  const messageId = newId()
  const warnings = text === null ? [] : warningsOf(text)
  const write = (sealed: string | null) => {
    const args: JsonObject = { tradeId, messageId, text: sealed, fileIds, warnings }
    return db.command<{ id: string }>(caller, 'post_message', args, once)
  }
  const { id } =
    text === null ? await write(null) : await sealer.store(me, placeOf(messageId), Buffer.from(text), write)
  const kept = await keptMessage({ db, sealer }, caller, id)
  // An idempotency key remembers what was asked for by a hash, and a hash of a short text is the text to whoever
  // guesses. So the text is no part of it: a repeated request is compared with the message itself.
  if (kept.text !== text) throw new Problem('idempotency_key_reused')
  return kept
}

async function keptMessage(
  { db, sealer }: { db: Database; sealer: Sealer },
  caller: Caller,
  id: string,
): Promise<Message> {
  const read = async () => [
    await db.call<SealedMessage>(caller, 'select fairlock.own_message($1) as answer', [id]),
  ]
  const [kept] = await openMessages(sealer, await read(), read)
  if (kept === undefined) throw new Problem('not_found')
  return kept
}
