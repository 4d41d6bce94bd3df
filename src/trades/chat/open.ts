import { shownFile } from '../../platform/files/index.ts'
import { type Place, type Sealer, Unsealable } from '../../platform/sealing/index.ts'
import type { Message, SealedMessage } from './schemas.ts'
import { systemText } from './words.ts'

/** Where a message's text is sealed. */
export function placeOf(messageId: string): Place {
  return { table: 'fairlock.messages', column: 'text', row: messageId }
}

/**
 * Opens a page of messages, one after the other: the authors are two or three, so the first of each has its key fetched
 * and the others find it in memory. What does not open may have been sealed anew since it was read: `again` reads the
 * page once more. What does not open then either is damaged. Throws `KeyringError`.
 */
export async function openMessages(
  sealer: Sealer,
  messages: SealedMessage[],
  again: () => Promise<SealedMessage[]>,
): Promise<Message[]> {
  const texts = await openTexts(sealer, messages)
  if (messages.some((one) => one.sealed !== null && !texts.has(one.id))) {
    const anew = new Map((await again()).map((one) => [one.id, one]))
    const closed = messages.filter((one) => !texts.has(one.id))
    for (const one of closed) Object.assign(one, anew.get(one.id) ?? {})
    for (const [id, text] of await openTexts(sealer, closed)) texts.set(id, text)
  }
  const opened: Message[] = []
  for (const one of messages) opened.push(await shown(sealer, one, texts.get(one.id) ?? null))
  return opened
}

/** A message as the API shows it, with the names of its files opened. */
async function shown(sealer: Sealer, message: SealedMessage, text: string | null): Promise<Message> {
  const { owner: _, sealed, erased, files: rows, ...facts } = message
  const files: Message['files'] = []
  for (const row of rows) files.push(await shownFile(sealer, row))
  if (facts.kind === 'system')
    return { ...facts, text: systemText(facts.code ?? '', facts.data ?? {}), unreadable: null, files }
  const unreadable = erased ? 'erased' : sealed !== null && text === null ? 'damaged' : null
  return { ...facts, text, unreadable, files }
}

async function openTexts(sealer: Sealer, messages: SealedMessage[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for (const { id, owner, sealed } of messages) {
    if (sealed === null || owner === null) continue
    const text = await openText(sealer, owner, id, sealed)
    if (text !== null) texts.set(id, text)
  }
  return texts
}

/** The text that an author sealed for a message; null when it cannot be opened. Throws `KeyringError`. */
export async function openText(
  sealer: Sealer,
  author: string,
  messageId: string,
  sealed: string,
): Promise<string | null> {
  try {
    const opened = await sealer.open(author, placeOf(messageId), sealed)
    const text = opened.toString('utf8')
    opened.fill(0)
    return text
  } catch (error) {
    if (error instanceof Unsealable) return null
    throw error
  }
}
