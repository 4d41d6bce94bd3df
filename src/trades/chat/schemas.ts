import { type Static, Type } from 'typebox'
import { FileInfo, type FileRow } from '../../platform/files/index.ts'
import { Id, Nullable, Time } from '../../platform/index.ts'
import { WARNING_CODES } from './warnings.ts'

export const Warning = Type.Object({
  code: Type.String({ description: WARNING_CODES.join(' · ') }),
  from: Type.Integer({ description: 'Where in text it begins, in UTF-16 units as JavaScript counts' }),
  to: Type.Integer({ description: 'Where it ends; the unit there does not belong to it' }),
})

export const Message = Type.Object({
  id: Id,
  number: Type.Integer({
    description: 'Its place in the chat: 1, 2, 3 … A message that comes later never gets a lower one.',
  }),
  kind: Type.Union([Type.Literal('text'), Type.Literal('system')]),
  author: Nullable(
    Type.Object(
      {
        id: Nullable(Id),
        role: Type.String({ description: 'seller · buyer · arbitrator' }),
      },
      {
        description: 'null for system messages. Of an arbitrator the two sides learn the role alone.',
      },
    ),
  ),
  text: Nullable(
    Type.String({
      description:
        'Of a system message the sentence in English. null where there are files only, or `unreadable`.',
    }),
  ),
  unreadable: Nullable(
    Type.Union([Type.Literal('erased'), Type.Literal('damaged')], {
      description:
        'erased: its author was erased, and the words with them. damaged: the value cannot be opened.',
    }),
  ),
  files: Type.Array(FileInfo),
  warnings: Type.Array(Warning, { description: 'What in the text to look at twice' }),
  code: Nullable(Type.String({ description: 'Of a system message: what happened, such as trade.paid' })),
  data: Nullable(
    Type.Record(Type.String(), Type.Unknown(), { description: 'Of a system message: the facts' }),
  ),
  createdAt: Time,
})
export type Message = Static<typeof Message>

export const MessagePage = Type.Object({
  items: Type.Array(Message),
  nextCursor: Nullable(Type.String()),
  latest: Type.Integer({ description: 'The number of the newest message; 0 in an empty chat' }),
  readBy: Type.Object(
    { seller: Type.Integer(), buyer: Type.Integer() },
    { description: 'Up to which number each side has read' },
  ),
  mayWrite: Type.Boolean({ description: 'Whether you can write here now' }),
})
export type MessagePage = Static<typeof MessagePage>

export const Unread = Type.Object({
  tradeId: Id,
  unread: Type.Integer({ description: 'Messages that others wrote since your read mark' }),
  latest: Type.Integer(),
})

/** A message as the database gives it: still sealed. */
export type SealedMessage = Omit<Message, 'text' | 'unreadable' | 'files'> & {
  /** Whose key the text is sealed with. */
  owner: string | null
  sealed: string | null
  erased: boolean
  files: FileRow[]
}
