import type { NoticeData } from './notice.ts'
import { sentenceOf, subjectOf } from './words.ts'

/** A notice on its way out. */
export type Mail = {
  id: string
  kind: string
  data: NoticeData
  to: string
  name: string | null
  at: string
  attempt: number
}

/** The notices whose mail carries a token: what it is for, as the page of the link knows it, and what to say of it. */
export const WITH_TOKEN: Record<string, { use: string; invitation: string }> = {
  'password.reset_asked': { use: 'password-reset', invitation: 'Set a new password here' },
  'email.confirmation_asked': { use: 'email-confirmation', invitation: 'Confirm the address here' },
  'email.change_asked': { use: 'email-cancellation', invitation: 'If this was not you, say no here' },
  'email.change_confirmed': { use: 'email-cancellation', invitation: 'If this was not you, say no here' },
}

/**
 * The subject and the plain text of a mail. The token stands behind the "#" of its link, which browsers send to no
 * server, so that it comes into no log on the way.
 */
export function mailOf(
  mail: Mail,
  token: string | null,
  publicUrl: string,
): { subject: string; text: string } {
  const invitation = WITH_TOKEN[mail.kind]
  const lines = [
    // At an address that is nobody's here yet, the name could say anything to a stranger.
    mail.name === null || mail.kind === 'email.confirmation_asked' ? 'Hello,' : `Hello ${mail.name},`,
    '',
    sentenceOf(mail.kind, mail.data),
    ...(invitation && token !== null
      ? ['', `${invitation.invitation}:`, `${publicUrl}/account#${invitation.use}=${token}`]
      : []),
    '',
    `Time: ${mail.at}`,
    '',
    `Fairlock at ${publicUrl} never asks for your password in a mail.`,
    '',
  ]
  return { subject: `Fairlock: ${subjectOf(mail.kind)}`, text: lines.join('\n') }
}
