import { Command, Option } from 'commander'
import { hashPassword, newSecret, PasswordRules } from '../identity/index.ts'
import { asEngine, ERRORS, type ErrorCode } from '../platform/index.ts'
import { withDatabase } from './connect.ts'
import { eraseCommand } from './erase.ts'
import { Finding, UsageError } from './finding.ts'
import { print, readSecret } from './output.ts'
import { resetFactorsCommand } from './reset-factors.ts'

const ROLES = ['trader', 'arbitrator', 'support', 'compliance', 'admin']

/** `fairlock user …`: people from a terminal. It acts as the operator, in the audit log without a person. */
export function userCommand(): Command {
  const user = new Command('user').description('people: create, list, grant, revoke, ban, unban, erase')
  user
    .command('create')
    .description('a person; the password comes from standard input')
    .requiredOption('--email <address>', 'e-mail address to sign in with')
    .requiredOption('--name <name>', 'public name')
    .addOption(new Option('--role <role>', 'what the person is').choices(ROLES).default('trader'))
    .option('--json', 'as JSON', false)
    .action(createPerson)
  user
    .command('list')
    .description('people with a role, or everybody')
    .option('--all', 'traders as well', false)
    .option('--json', 'as JSON', false)
    .action(listPeople)
  for (const [verb, granted] of [
    ['grant', true],
    ['revoke', false],
  ] as const) {
    user
      .command(verb)
      .description(granted ? 'give a staff role' : 'take a staff role away')
      .requiredOption('--email <address>')
      .addOption(new Option('--role <role>').choices(ROLES.slice(1)).makeOptionMandatory())
      .action((options: { email: string; role: string }) =>
        onPerson(options.email, 'select fairlock.set_staff_role($1, $2, $3) as answer', [
          options.role,
          granted,
        ]),
      )
  }
  user
    .command('reset')
    .description('a link, good once for an hour, with which somebody sets a new password')
    .requiredOption('--email <address>')
    .action(startReset)
  user
    .command('sign-out')
    .description('end all sessions of somebody, in every process at once; their API keys go on')
    .requiredOption('--email <address>')
    .requiredOption('--reason <text>')
    .action((options: { email: string; reason: string }) =>
      onPerson(
        options.email,
        `select fairlock.record_event('sessions.ended_by_operator', 'users', $1::uuid, $2),
           fairlock.end_sessions($1::uuid, null)`,
        [options.reason],
      ),
    )
  user
    .command('ban')
    .description('bar somebody from starting anything new, until a time')
    .requiredOption('--email <address>')
    .requiredOption('--until <time>', 'RFC 3339, for example 2027-01-31T00:00:00Z')
    .requiredOption('--reason <text>')
    .action((options: { email: string; until: string; reason: string }) => {
      if (Number.isNaN(Date.parse(options.until)))
        throw new UsageError('--until takes a time like 2027-01-31T00:00:00Z')
      return onPerson(options.email, 'select fairlock.ban_person($1, $2, $3) as answer', [
        options.until,
        options.reason,
      ])
    })
  user
    .command('unban')
    .description('lift a ban')
    .requiredOption('--email <address>')
    .requiredOption('--reason <text>')
    .action((options: { email: string; reason: string }) =>
      onPerson(options.email, 'select fairlock.ban_person($1, null, $2) as answer', [options.reason]),
    )
  user.addCommand(eraseCommand())
  user.addCommand(resetFactorsCommand())
  return user
}

async function createPerson(options: {
  email: string
  name: string
  role: string
  json: boolean
}): Promise<void> {
  const password = await readSecret('Password: ')
  if (password.length < 8 || password.length > 200)
    throw new UsageError('the password must have 8 to 200 characters')
  await withDatabase(async ({ ownerUrl }, { breachedPasswords }) => {
    const owner = { email: options.email, displayName: options.name }
    const weakness = await new PasswordRules(breachedPasswords).weaknessOf(password, owner)
    if (weakness !== null) throw new UsageError(`the password ${weakness}`)
    const hash = await hashPassword(password)
    const person = await asEngine(ownerUrl, async (client) => {
      const made = await client.query('select fairlock.register_person($1, $2, $3) as answer', [
        options.email,
        options.name,
        hash,
      ])
      const { user, refusal } = made.rows[0].answer
      if (refusal)
        throw new Finding(
          refusal === 'email_taken'
            ? `${options.email} is registered already.`
            : `The name ${options.name} is taken.`,
        )
      if (options.role !== 'trader') {
        await client.query('select fairlock.set_staff_role($1, $2, true)', [user.id, options.role])
        user.roles = [options.role]
      }
      return user
    })
    print(
      options.json
        ? JSON.stringify(person, null, 2)
        : `${person.email} (${person.displayName}, ${options.role}) has the id ${person.id}`,
    )
  })
}

async function listPeople(options: { all: boolean; json: boolean }): Promise<void> {
  await withDatabase(async ({ ownerUrl }) => {
    const people = await asEngine(ownerUrl, async (client) => {
      const found = await client.query(
        `select fairlock.person_json(u.id) as person from users u
         where $1 or exists (select from fairlock.staff_roles r where r.user_id = u.id) order by u.created_at limit 1000`,
        [options.all],
      )
      return found.rows.map((row) => row.person)
    })
    if (options.json) print(JSON.stringify(people, null, 2))
    else
      for (const one of people)
        print(`${one.id}  ${one.email}  ${one.displayName ?? ''}  ${one.roles.join(' ')}`)
  })
}

/** Without a mail server this is the way back in; with one, the person is told that it was made. */
async function startReset({ email }: { email: string }): Promise<void> {
  await withDatabase(async ({ ownerUrl }, { publicUrl }) => {
    const { secret, tokenHash } = newSecret()
    const id = await asEngine(ownerUrl, async (client) => {
      const found = await client.query<{ id: string }>(
        `select fairlock.start_password_reset(id, 'password.reset_by_operator') as id
         from users where lower(email) = lower($1)`,
        [email],
      )
      const reset = found.rows[0]?.id
      if (reset === undefined) throw new Finding(`Nobody is registered as ${email}.`)
      await client.query('select fairlock.allow_reset_token($1, $2)', [reset, tokenHash])
      return reset
    })
    const token = `${id}.${secret}`
    print(publicUrl === null ? token : `${publicUrl}/account#password-reset=${token}`)
  })
}

async function onPerson(email: string, statement: string, values: unknown[]): Promise<void> {
  await withDatabase(async ({ ownerUrl }) => {
    await asEngine(ownerUrl, async (client) => {
      const found = await client.query('select id from users where lower(email) = lower($1)', [email])
      const id: string | undefined = found.rows[0]?.id
      if (id === undefined) throw new Finding(`Nobody is registered as ${email}.`)
      const done = await client.query<{ answer?: { refusal?: ErrorCode } }>(statement, [id, ...values])
      const refusal = done.rows[0]?.answer?.refusal
      if (refusal !== undefined) throw new Finding(ERRORS[refusal].title)
      print(`${email}: done`)
    })
  })
}
