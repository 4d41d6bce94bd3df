import type { Person } from '../support/market.ts'

/** The chat of a trade: both sides have written, one has read. */
export async function seedChat(trade: string, owner: Person, counterparty: Person): Promise<void> {
  for (const answer of [
    await counterparty.post(`/v1/trades/${trade}/messages`, { text: 'is the fiat there' }),
    await owner.post(`/v1/trades/${trade}/messages`, { text: 'it is not' }),
    await owner.post(`/v1/trades/${trade}/messages/read`, { upTo: 1 }),
  ])
    if (answer.status >= 300) throw new Error(`the chat could not be seeded: ${JSON.stringify(answer.body)}`)
}
