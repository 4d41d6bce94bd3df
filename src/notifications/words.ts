import type { NoticeData, Words } from './notice.ts'
import { WORDS_OF_DISPUTES } from './words-of-disputes.ts'
import { WORDS_OF_TRADES } from './words-of-trades.ts'

const where = (data: NoticeData) =>
  [data.device && `with ${data.device}`, data.address && `from ${data.address}`].filter(Boolean).join(' ')
/** With a first second factor, keys made without one end. */
const ended = (data: NoticeData) =>
  data.keysEnded ? ' API keys that could do more than read have ended: make new ones.' : ''
const limitOf = (amount: unknown) => (amount ? `${amount}` : 'any amount')
const until = (data: NoticeData) => (data.until ? ` until ${data.until}` : '')

/**
 * The words of every kind of notice, in the API and in mails. A kind that is not here is told by its name, so that a
 * newer part of the program is never held up by this table.
 */
const WORDS: Record<string, Words> = {
  ...WORDS_OF_DISPUTES,
  ...WORDS_OF_TRADES,
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
  'password.reset': {
    subject: 'Your password was set anew',
    sentence: (data) =>
      `Your password was set anew with the link of a mail ${where(data)}. All your sessions and API keys have ended, your ` +
      `webhooks are paused, and withdrawals are paused${until(data)}.`,
  },
  'password.reset_asked': {
    subject: 'Set a new password',
    sentence: (data) =>
      `Somebody asked for a new password for your account. The link in the mail is good once${until(data)}. If it ` +
      'was not you, do nothing: your password stays as it is.',
  },
  'password.reset_by_operator': {
    subject: 'A new password for your account',
    sentence: (data) =>
      `The operator of this market has made a link to set a new password, good once${until(data)}.`,
  },
  'email.change_asked': {
    subject: 'Another e-mail address was asked for',
    sentence: (data) =>
      `Your account is to move to the address ${data.email} ${where(data)}. Nothing changes before that address ` +
      'confirms it and a delay is over.',
  },
  'email.confirmation_asked': {
    subject: 'Confirm your e-mail address',
    sentence: (data) => `Your account is to move to the address ${data.email}. Confirm it${until(data)}.`,
  },
  'email.change_confirmed': {
    subject: 'Your e-mail address is about to change',
    sentence: (data) =>
      `The address ${data.email} was confirmed. You can say no${until(data)}; then it takes effect.`,
  },
  'email.change_cancelled': {
    subject: 'Your e-mail address stays',
    sentence: (data) => `The change to the address ${data.email} was cancelled.`,
  },
  'email.change_failed': {
    subject: 'Your e-mail address stays',
    sentence: (data) => `Somebody else has the address ${data.email} by now, so yours stays as it was.`,
  },
  'email.changed': {
    subject: 'Your e-mail address was changed',
    sentence: (data) =>
      `You sign in as ${data.email} from now on. Your other sessions have ended, and withdrawals are paused` +
      `${until(data)}.`,
  },
  'email.wanted_elsewhere': {
    subject: 'Your address was given for another account',
    sentence: () =>
      'Somebody wants to use your e-mail address for another account. It stays yours; you need not do anything.',
  },
  'person.banned': {
    subject: 'You are banned',
    sentence: (data) =>
      `You cannot start anything new${until(data)}: ${data.reason}. Your offers are off the market meanwhile; trades ` +
      'under way can still end.',
  },
  'person.unbanned': {
    subject: 'Your ban was lifted',
    sentence: (data) => `You can trade again, and your offers are back on the market: ${data.reason}.`,
  },
  'kyc.approved': {
    subject: 'Your KYC level was raised',
    sentence: (data) => `Your request for the level “${data.level}” was approved: ${data.reason}.`,
  },
  'kyc.refused': {
    subject: 'Your KYC request was refused',
    sentence: (data) => `Your request for the level “${data.level}” was refused: ${data.reason}.`,
  },
  'withdrawal_limits.changed': {
    subject: 'Your withdrawal limits were changed',
    sentence: (data) =>
      `What may leave your ${data.currency} wallet is now ${limitOf(data.daily)} a day and ${limitOf(data.monthly)} a month` +
      `${data.from ? `; what was raised or taken away holds from ${data.from} on` : ''}. If it was not you, end all ` +
      'sessions and change your password.',
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
  'factor.switched_on': {
    subject: 'One-time codes were switched on',
    sentence: (data) =>
      `Your account asks for the codes of an authenticator app from now on. Withdrawals are paused${until(data)}.` +
      `${ended(data)} If it ` +
      'was not you, end all sessions and change your password.',
  },
  'factor.switched_off': {
    subject: 'One-time codes were switched off',
    sentence: (data) =>
      `Your account no longer asks for the codes of an authenticator app. Withdrawals are paused${until(data)}. If it ` +
      'was not you, change your password now.',
  },
  'factor.recovery_code_used': {
    subject: 'A recovery code was used',
    sentence: (data) =>
      `One of your recovery codes was used in the place of a second factor; ${data.left} are left. If it was not you, ` +
      'change your password and make new codes.',
  },
  'factor.recovery_codes_replaced': {
    subject: 'You have new recovery codes',
    sentence: (data) =>
      `Ten new recovery codes were made; the old ones are worth nothing. Withdrawals are paused${until(data)}.`,
  },
  'factor.guessed': {
    subject: 'Somebody knows your password',
    sentence: (data) =>
      `Somebody gave your password and then ${data.attempts} wrong codes. If it was not you, change your password now: ` +
      'only your second factor keeps them out.',
  },
  'factor.reset': {
    subject: 'Your second factors were taken away',
    sentence: (data) =>
      'The operator has taken away your one-time codes, passkeys and recovery codes, and ended your sessions and API ' +
      `keys. Your webhooks and withdrawals are paused${until(data)}. Sign in with your password ` +
      'and set up a second factor again.',
  },
  'session.ended_for_guessing': {
    subject: 'A session was ended',
    sentence: (data) => `A session of yours ${where(data)} was ended after twenty wrong codes.`,
  },
  'passkey.added': {
    subject: 'A new passkey',
    sentence: (data) =>
      `The passkey “${data.name}” can sign in to your account from now on. Withdrawals are paused${until(data)}.` +
      `${ended(data)} If it ` +
      'was not you, remove it and change your password.',
  },
  'passkey.removed': {
    subject: 'A passkey was removed',
    sentence: (data) =>
      `The passkey “${data.name}” signs in nobody any more. Withdrawals are paused${until(data)}.`,
  },
  'passkey.cloned': {
    subject: 'A passkey may have been copied',
    sentence: (data) =>
      `The passkey “${data.name}” was refused and disabled: its counter did not move on, as if there were two of it. ` +
      'Remove it and make a new one.',
  },
  'key.created': {
    subject: 'A new API key',
    sentence: (data) =>
      `The API key “${data.name}” was made for your account. It may ${data.scopes}. If it was not you who made it, ` +
      'end it and change your password.',
  },
  'webhook.added': {
    subject: 'A new webhook',
    sentence: (data) =>
      `What happens in your account is told to ${data.host} from now on. If it was not you who asked for it, remove ` +
      'the webhook and change your password.',
  },
  'webhook.changed': {
    subject: 'A webhook leads elsewhere',
    sentence: (data) =>
      `One of your webhooks tells ${data.host} what happens from now on. If it was not you who changed it, remove it ` +
      'and change your password.',
  },
  'webhook.secret_rotated': {
    subject: 'A webhook has a new secret',
    sentence: (data) =>
      `Messages to ${data.host} are signed with a new secret; for a day the one before signs them as well.`,
  },
  'webhook.failing': {
    subject: 'A webhook is failing',
    sentence: (data) =>
      `A message to ${data.host} could not be delivered in all its attempts. You can look at it and send it again; ` +
      'after five of them in a row the webhook is disabled.',
  },
  'webhook.disabled': {
    subject: 'A webhook was disabled',
    sentence: (data) =>
      data.reason === 'gone'
        ? `Nothing is sent to ${data.host} any more: it answered that it is gone for good.`
        : `Nothing is sent to ${data.host} any more: five messages in a row could not be delivered. Set it going ` +
          'again when it works; what was not delivered can be sent again.',
  },
  'payment_method.added': {
    subject: 'A new payment method',
    sentence: (data) =>
      `A payment method (${data.type}, ${data.provider}) was added to your account. If it was not you, remove it, end ` +
      'all sessions and change your password.',
  },
  'payment_method.replaced': {
    subject: 'A payment method has other details',
    sentence: (data) =>
      `The account of a payment method (${data.type}, ${data.provider}) was replaced, and has to be verified anew. If ` +
      'it was not you, remove it, end all sessions and change your password.',
  },
  'payment_method.primary_changed': {
    subject: 'Another primary payment method',
    sentence: (data) => `You are paid by ${data.type} (${data.provider}) first from now on.`,
  },
  'payment_method.removed': {
    subject: 'A payment method was removed',
    sentence: (data) =>
      `A payment method (${data.type}, ${data.provider}) was removed. Live trades are still paid to it.`,
  },
  'payment_method.verified': {
    subject: 'Your payment method is verified',
    sentence: (data) => `Your payment method (${data.type}, ${data.provider}) was looked at and verified.`,
  },
  'payment_method.rejected': {
    subject: 'Your payment method was not verified',
    sentence: (data) =>
      `Your payment method (${data.type}, ${data.provider}) was not verified: ${data.reason} You can ask again and say more.`,
  },
  'payment_method.bound': {
    subject: 'There is an account to pay to',
    sentence: () => 'The seller has named the account that you pay to. You see it in the trade.',
  },
  'cooldown.began': {
    subject: 'A pause',
    sentence: (data) =>
      `You have let trades lapse or cancelled many, so you can start nothing new${until(data)}. What is under way goes ` +
      'on: do your part of it.',
  },
  'fault.forgiven': {
    subject: 'A fault was forgiven',
    sentence: () => 'Staff looked at a trade that had ended by your fault. It does not count any more.',
  },
  'payment_method.duplicate': {
    subject: 'Two people with one account',
    sentence: (data) =>
      `Somebody added a payment method (${data.type}) with an account that somebody else has too. Look at the list of ` +
      'duplicates.',
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
