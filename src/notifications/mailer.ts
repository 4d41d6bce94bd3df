import { createTransport } from 'nodemailer'
import { newSecret } from '../identity/index.ts'
import { type Caller, type Database, newId } from '../platform/index.ts'
import { type Mail, mailOf, WITH_TOKEN } from './mails.ts'

export type MailSettings = { smtpUrl: string; from: string; publicUrl: string }

/**
 * Whether a server has to speak TLS before it hears anything: everywhere but on this machine. Else whoever is on the way
 * could hide that it offers STARTTLS, and read links with which passwords are set.
 */
export function needsTls(smtpUrl: string): boolean {
  return !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(smtpUrl).hostname)
}

/** How many mails one run sends; the rest is for the next, seconds later. */
const BATCH = 50
const MAIL_MS = 60_000
const STEP_MS = 20_000
/** A mail is another worker's after this; longer than the longest a mail can take. */
const LEASE = '2 minutes'
const FIRST_PAUSE_SECONDS = 30
const LONGEST_PAUSE_SECONDS = 6 * 3600

/**
 * Sends the mails of the outbox, each at least once: a worker that dies between the server's yes and its own note of
 * it is followed by one that sends the mail again, under the same Message-ID, by which mailboxes know it. No
 * transaction is open while a server is spoken to.
 */
export class Mailer {
  readonly #db: Database
  readonly #settings: MailSettings
  readonly #host: string
  readonly #transport
  readonly #closing = new AbortController()

  constructor(db: Database, settings: MailSettings) {
    this.#db = db
    this.#settings = settings
    this.#host = new URL(settings.publicUrl).hostname
    this.#transport = createTransport({
      url: settings.smtpUrl,
      requireTLS: needsTls(settings.smtpUrl),
      connectionTimeout: STEP_MS,
      greetingTimeout: STEP_MS,
      socketTimeout: STEP_MS,
      dnsTimeout: STEP_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }

  /**
   * Sends what is due. A server that does not answer ends the run, since the next mail would fare no better. Returns
   * how many were sent; throws at the end when one could not be.
   */
  async deliver(): Promise<number> {
    const caller: Caller = { sessionId: null, tokenHash: null, requestId: `mail ${newId()}` }
    let sent = 0
    const failures = new Set<string>()
    for (let i = 0; i < BATCH && !this.#closing.signal.aborted; i++) {
      const { mail } = await this.#db.call<{ mail?: Mail }>(
        caller,
        'select fairlock.take_mail($1::interval) as answer',
        [LEASE],
      )
      if (mail === undefined) break
      const failure = await this.#send(caller, mail)
      if (failure === null) {
        sent++
        continue
      }
      failures.add(failure.summary)
      if (!failure.isOfThisMail) break
    }
    if (failures.size > 0) throw new Error(`mail could not be sent: ${[...failures].join(', ')}`)
    return sent
  }

  /** Cuts short what is under way; it is sent again later. */
  close(): void {
    this.#closing.abort(new Error('the program ends'))
    this.#transport.close()
  }

  async #send(caller: Caller, mail: Mail): Promise<Failure | null> {
    const token = await this.#tokenFor(caller, mail)
    if (token === undefined) {
      await this.#finish(mail, 'no longer needed', null)
      return null
    }
    try {
      await this.#transport.sendMail({
        from: { name: 'Fairlock', address: this.#settings.from },
        to: { name: '', address: mail.to },
        messageId: `<${mail.id}@${this.#host}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        ...mailOf(mail, token, this.#settings.publicUrl),
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(MAIL_MS)]),
      })
    } catch (error) {
      const failure = failureOf(error)
      await this.#finish(mail, failure.said, failure.isFinal ? null : pauseAfter(mail.attempt))
      return failure
    }
    await this.#finish(mail, null, null)
    return null
  }

  /**
   * A fresh token for the mails that carry one; null for the others, undefined when what it is for is over. It exists
   * in this process and in the mail alone: the database gets its SHA-256. A second attempt carries another token, and
   * both are good, since the first mail may have arrived after all.
   */
  async #tokenFor(caller: Caller, mail: Mail): Promise<string | null | undefined> {
    if (!Object.hasOwn(WITH_TOKEN, mail.kind)) return null
    const { secret, tokenHash } = newSecret()
    const { id, isGood } = await this.#db.call<{ id: string; isGood: boolean }>(
      caller,
      'select fairlock.allow_mail_token($1, $2) as answer',
      [mail.id, tokenHash],
    )
    return isGood ? `${id}.${secret}` : undefined
  }

  async #finish(mail: Mail, error: string | null, againInSeconds: number | null): Promise<void> {
    await this.#db.pool.query('select fairlock.finish_mail($1, $2, make_interval(secs => $3))', [
      mail.id,
      error,
      againInSeconds,
    ])
  }
}

type Failure = { said: string; summary: string; isFinal: boolean; isOfThisMail: boolean }

/** What a failure means: an answer of the server about this mail, or that nothing can be sent at all. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) throw error
  const { code, responseCode } = error as Error & { code?: unknown; responseCode?: unknown }
  const isOfThisMail = (code === 'EENVELOPE' || code === 'EMESSAGE') && typeof responseCode === 'number'
  return {
    said: error.message,
    // Without the message, which may name the recipient: this goes into the log.
    summary: [code, responseCode].filter((part) => part !== undefined).join(' ') || error.name,
    isFinal: isOfThisMail && Number(responseCode) >= 500,
    isOfThisMail,
  }
}

/** 30 s, 1 min, 2 min … 6 h, a little apart, so that mails which failed together do not all come back together. */
function pauseAfter(attempt: number): number {
  const seconds = Math.min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
  return Math.ceil(seconds * (0.75 + Math.random() / 2))
}
