import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { grant, type Role, setRole } from '../access/staff.ts'
import { Court, done } from '../disputes/court.ts'
import { upload } from '../files/support.ts'
import { addressOf, operationsOf } from '../http/operations.ts'
import { makeKey } from '../keys/support.ts'
import { addMethod, newIban, sepa } from '../payment-methods/support.ts'
import { type Answer, call, type Person } from '../support/market.ts'
import { STATES, tradesInEveryState } from './trades.ts'

// What nobody but a few may read: the account that is paid to, the chat, what is said and shown in a dispute. Every actor
// tries every window in every state of a trade, and the secrets are looked for in whatever else they can ask for.

const RULED = ['ruled for the buyer', 'ruled for the seller'] as const
const ALL = [...STATES, ...RULED]
type State = (typeof ALL)[number]

const SECRETS = {
  account: newIban(),
  words: 'the words of the chat, for two',
  attachment: 'the lines of a file in the chat',
  statement: 'what a side said in the dispute',
  note: 'what a piece of evidence shows',
  evidence: 'the lines of a piece of evidence',
}
type Secret = keyof typeof SECRETS

/** A trade with everything that is hidden in it; without a dispute there is no dispute, evidence or file of it. */
type Scene = {
  trade: string
  attachment: string
  dispute: string
  evidence: string
  arbitrator: Person | null
}

const WINDOWS: Record<Secret, (scene: Scene) => string> = {
  account: ({ trade }) => `/v1/trades/${trade}/payment-details`,
  words: ({ trade }) => `/v1/trades/${trade}/messages`,
  attachment: ({ attachment }) => `/v1/files/${attachment}`,
  statement: ({ dispute }) => `/v1/disputes/${dispute}`,
  note: ({ dispute }) => `/v1/disputes/${dispute}/evidence`,
  evidence: ({ evidence }) => `/v1/files/${evidence}`,
}

const isHeld = (state: State) => ['funded', 'paid', 'disputed'].includes(state)
const everSaid = (secret: Secret, state: State) =>
  ['account', 'words', 'attachment'].includes(secret) || state === 'disputed' || state.startsWith('ruled')

/** What an actor gets at a window: shown, or the code of the refusal. */
type Rule = (secret: Secret, state: State) => string
const notFound: Rule = () => 'not_found'
const side = (account: (state: State) => string): Rule => {
  return (secret, state) =>
    secret === 'account' ? account(state) : everSaid(secret, state) ? 'shown' : 'not_found'
}
const buyersAccount = (state: State) => (isHeld(state) ? 'shown' : 'payment_details_not_shown')
const RULES: Record<string, Rule> = {
  'the seller': side(() => 'not_found'),
  'the buyer': side(buyersAccount),
  'a key of the seller': side(() => 'not_found'),
  'a key of the buyer that trades': side(buyersAccount),
  'a key of the buyer that reads': side(() => 'scope_missing'),
  'the arbitrator': (secret, state) => (secret !== 'account' && state === 'disputed' ? 'shown' : 'not_found'),
  'another arbitrator': notFound,
  support: notFound,
  compliance: notFound,
  // A look at a case is one at the dispute too; chat and evidence have doors of their own.
  'compliance with a look at the case': (secret, state) =>
    secret === 'statement' && everSaid(secret, state) ? 'shown' : 'not_found',
  'an administrator': notFound,
  'a stranger': notFound,
  nobody: () => 'not_signed_in',
}

let court: Court
let scenes: Record<State, Scene>
let actors: Record<string, { get: (path: string) => Promise<Answer> }>
before(async () => {
  court = await Court.open(2)
  await build()
})
after(() => court?.close())

async function build(): Promise<void> {
  const { market } = court
  const { person } = market
  const owned = async (name?: string) => {
    const made = await person(name)
    if (name === 'seller') await addMethod(made, sepa(SECRETS.account))
    return made
  }
  const { seller, buyer, trades } = await tradesInEveryState({ ...market, person: owned })
  const staff = async (role: Role) => {
    const made = await person(role)
    await setRole(court.superuser, made, role, true)
    return made
  }
  const [support, compliance, looking] = [
    await staff('support'),
    await staff('compliance'),
    await staff('compliance'),
  ]
  const made: Partial<Record<State, Scene>> = {}
  for (const state of STATES) made[state] = await hide(trades[state].id, seller, buyer, trades[state].dispute)
  for (const [state, outcome] of [
    [RULED[0], 'release'],
    [RULED[1], 'refund'],
  ] as const) {
    const { id } = await court.paid('0.1', { seller, buyer })
    const opened = await done(buyer.post(`/v1/trades/${id}/dispute`, { reason: 'payment_not_released' }))
    const scene = await hide(id, seller, buyer, opened.id)
    await done(court.rule(scene.arbitrator!, opened.id, { outcome, faultOf: 'nobody' }))
    made[state] = scene
  }
  scenes = made as Record<State, Scene>
  for (const { trade } of Object.values(scenes))
    await grant(looking, compliance, { scope: 'case', tradeId: trade })
  actors = {
    'the seller': seller,
    'the buyer': buyer,
    'a key of the seller': await makeKey(seller, market.url),
    'a key of the buyer that trades': await makeKey(buyer, market.url),
    'a key of the buyer that reads': await makeKey(buyer, market.url, { scopes: ['read'] }),
    support,
    compliance,
    'compliance with a look at the case': looking,
    'an administrator': await market.admin(),
    'a stranger': await person('stranger'),
    nobody: { get: (path) => call(market.url, 'GET', path) },
  }
}

/** Puts a secret of every kind into a trade. */
async function hide(trade: string, seller: Person, buyer: Person, dispute: string | null): Promise<Scene> {
  const { url } = court.market
  const file = async (purpose: string, content: string) =>
    done(upload(url, buyer, content, { purpose, name: 'a.txt' }))
  const attachment = await file('message', SECRETS.attachment)
  const message = { text: SECRETS.words, fileIds: [attachment.id] }
  await done(buyer.post(`/v1/trades/${trade}/messages`, message))
  const scene = { trade, attachment: attachment.id, dispute: trade, evidence: trade, arbitrator: null }
  if (dispute === null) return scene
  await done(seller.post(`/v1/disputes/${dispute}/answer`, { statement: SECRETS.statement }))
  const evidence = await file('evidence', SECRETS.evidence)
  const shown = { fileId: evidence.id, note: SECRETS.note }
  await done(buyer.post(`/v1/disputes/${dispute}/evidence`, shown))
  return { ...scene, dispute, evidence: evidence.id, arbitrator: await court.assigned(dispute) }
}

/** Everybody, as they stand to this trade. */
function actorsOf({ arbitrator }: Scene): [string, { get: (path: string) => Promise<Answer> }][] {
  const [first, second] = court.arbitrators as [Person, Person]
  const other = arbitrator === first ? second : first
  return Object.entries({ ...actors, 'the arbitrator': arbitrator ?? first, 'another arbitrator': other })
}

for (const secret of Object.keys(SECRETS) as Secret[])
  test(`${secret}: every actor, every state of the trade`, async () => {
    for (const state of ALL) {
      const scene = scenes[state]
      for (const [name, actor] of actorsOf(scene)) {
        const { status, body } = await actor.get(WINDOWS[secret](scene))
        const got = status === 200 && JSON.stringify(body).includes(SECRETS[secret]) ? 'shown' : body.code
        assert.equal(got, RULES[name]!(secret, state), `${secret} to ${name}, ${state}`)
      }
    }
  })

test('no other call shows any of it, whatever id it is given', async () => {
  const reads = operationsOf(court.market.app).filter(
    ({ method, path }) => method === 'GET' && !/^\/v1\/(?:events$|files)/.test(path),
  )
  const scene = scenes.disputed
  const paths = reads.flatMap((operation) =>
    (operation.path.includes('{id}') ? [scene.trade, scene.dispute] : ['']).map((id) =>
      addressOf(operation, { id }),
    ),
  )
  for (const [name, actor] of actorsOf(scene)) {
    const isAllowed = (secret: Secret, path: string) =>
      (WINDOWS[secret](scene) === path && RULES[name]!(secret, 'disputed') === 'shown') ||
      isKnown(name, secret, path, scene)
    for (const path of paths) {
      const text = JSON.stringify((await actor.get(path)).body)
      for (const secret of Object.keys(SECRETS) as Secret[])
        if (text.includes(SECRETS[secret]))
          assert.ok(isAllowed(secret, path), `${path} shows ${secret} to ${name}`)
    }
  }
})

/** Doors beside the first window of a secret: the desk of staff who have a look, and one's own account. */
function isKnown(name: string, secret: Secret, path: string, { trade }: Scene): boolean {
  if (name === 'compliance with a look at the case')
    return secret === 'words' && path === `/v1/admin/cases/${trade}/messages`
  return name === 'the seller' && secret === 'account' && path.startsWith('/v1/payment-methods/')
}
