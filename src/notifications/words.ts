/** What a notice's data may hold; each kind has its own. */
export type NoticeData = Record<string, unknown>

type Words = { subject: string; sentence: (data: NoticeData) => string }

const where = (data: NoticeData) =>
  [data.device && `with ${data.device}`, data.address && `from ${data.address}`].filter(Boolean).join(' ')
const until = (data: NoticeData) => (data.until ? ` until ${data.until}` : '')

/**
 * The words of every kind of notice, in the API and in mails. A kind that is not here is told by its name, so that a
 * newer part of the program is never held up by this table.
 */
const WORDS: Record<string, Words> = {
  'session.new_device': {
    subject: 'New sign-in',
    sentence: (data) =>
      `Somebody signed in to your account ${where(data)}. You had not signed in like this before.`,
  },
  'password.changed': {
    subject: 'Your password was changed',
    sentence: (data) =>
      `Your password was changed ${where(data)}. Your other sessions have ended, and withdrawals are paused${until(data)}.`,
  },
  'access.break_glass': {
    subject: 'Somebody broke the glass',
    sentence: (data) =>
      `${data.who} took access (${data.scope})${until(data)} without approval. Look at it now, and review it.`,
  },
  'access.approved': {
    subject: 'Your access was approved',
    sentence: (data) => `The access that you asked for (${data.scope}) was approved${until(data)}.`,
  },
  'access.refused': {
    subject: 'Your access was refused',
    sentence: (data) => `The access that you asked for (${data.scope}) was refused.`,
  },
  'access.revoked': {
    subject: 'Your access was revoked',
    sentence: (data) => `Your access (${data.scope}) was ended before its time.`,
  },
  'key.created': {
    subject: 'A new API key',
    sentence: (data) =>
      `The API key “${data.name}” was made for your account. It may ${data.scopes}. If it was not you who made it, ` +
      'end it and change your password.',
  },
}

/** A notice in a sentence or two. */
export function sentenceOf(kind: string, data: NoticeData): string {
  return WORDS[kind]?.sentence(data).replaceAll(/ +([.,])/g, '$1') ?? `${subjectOf(kind)}.`
}

/** A notice as the subject of a mail: `two_factor.switched_on` without words of its own is "Two factor switched on". */
export function subjectOf(kind: string): string {
  const plain = kind.replaceAll(/[._]/g, ' ')
  return WORDS[kind]?.subject ?? plain.charAt(0).toUpperCase() + plain.slice(1)
}
