import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { tendAccounts } from '../../src/identity/index.ts'
import { Mailer } from '../../src/notifications/index.ts'
import { call, type Market, Person, passwordOf } from '../support/market.ts'

export type Received = { to: string; id: string; subject: string; text: string }
export const PUBLIC_URL = 'https://market.example.org'

/** A real SMTP server on this machine. `onMail` may hold a mail up or refuse it by throwing. */
export async function mailServer(onMail: (mail: Received) => Promise<void> | void = () => undefined) {
  const received: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', async () => {
        const mail = readMail(Buffer.concat(chunks).toString(), session.envelope.rcptTo[0]?.address ?? '')
        try {
          await onMail(mail)
        } catch (error) {
          return done(error instanceof Error ? error : new Error('refused'))
        }
        received.push(mail)
        done()
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    received,
    url: `smtp://127.0.0.1:${port}`,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

export function mailerTo(market: Market, smtpUrl: string): Mailer {
  return new Mailer(market.db, { smtpUrl, from: 'market@example.org', publicUrl: PUBLIC_URL })
}

/** The text as a reader sees it, and the token of its link. */
function readMail(raw: string, to: string): Received {
  const at = raw.indexOf('\r\n\r\n')
  const head = raw.slice(0, at)
  const body = raw.slice(at + 4)
  const isQuoted = /^Content-Transfer-Encoding: quoted-printable/im.test(head)
  const text = isQuoted
    ? Buffer.from(
        body
          .replaceAll('=\r\n', '')
          .replaceAll(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16))),
        'latin1',
      ).toString()
    : body
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1] ?? ''
  return { to, id: header('Message-ID'), subject: header('Subject'), text }
}

export function tokenIn(mail: Received | undefined, use: string): string {
  const token = new RegExp(`${PUBLIC_URL}/account#${use}=(\\S+)`).exec(mail?.text ?? '')?.[1]
  if (token === undefined) throw new Error(`no token for ${use} in ${JSON.stringify(mail)}`)
  return token
}

/** Runs the background work of accounts and mail once. */
export async function tend(market: Market, mailer: Mailer): Promise<void> {
  await tendAccounts(market.db)
  await mailer.deliver()
}

/** The password that market.person() gave this person. */
export function passwordOfPerson(person: Person): string {
  return passwordOf(person.email.split('@')[0] ?? '')
}

export async function signIn(
  market: Market,
  person: Person,
  password = passwordOfPerson(person),
): Promise<Person> {
  const { status, body } = await call(market.url, 'POST', '/v1/auth/login', { email: person.email, password })
  if (status !== 200) throw new Error(`could not sign in: ${JSON.stringify(body)}`)
  return new Person(market.url, person.id, person.email, body.token)
}
