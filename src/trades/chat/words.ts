type Facts = Record<string, unknown>

const ACTORS: Record<string, string> = {
  seller: 'The seller',
  buyer: 'The buyer',
  arbitrator: 'The arbitrator',
  clock: 'The time was over and the platform',
}
const actor = ({ actor: who }: Facts) => ACTORS[String(who)] ?? 'The platform'

const OUTCOMES: Record<string, string> = {
  release: 'the coins go to the buyer',
  refund: 'the coins go back to the seller',
  split: 'the coins are divided',
}
const until = (time: unknown, what: string) => (time === undefined ? '' : ` ${what} until ${time}.`)

/** Facts, never chatter: what happened and who caused it. When is beside the sentence. */
const SENTENCES: Record<string, (facts: Facts) => string> = {
  'trade.taken': ({ status }) =>
    status === 'funded'
      ? 'The trade began. The coins are held in escrow.'
      : 'The trade began. The seller has yet to put the coins into escrow.',
  'trade.funded': () => 'The seller put the coins into escrow.',
  'trade.paid': () => 'The buyer marked the fiat as sent.',
  'trade.completed': (facts) =>
    facts.actor === 'arbitrator'
      ? 'The arbitrator ruled. The coins left the escrow and the trade is completed.'
      : `${actor(facts)} released the coins. The trade is completed.`,
  'trade.cancelled': (facts) => `${actor(facts)} ended the trade without a payment.`,
  'trade.expired': ({ from }) =>
    from === 'funded'
      ? 'The time to pay was over. The trade expired and the coins went back to the seller.'
      : 'The time to fund was over. The trade expired.',
  'dispute.opened': ({ openedBy, answerDueAt }) =>
    `${actor({ actor: openedBy })} opened a dispute.${until(answerDueAt, 'The other side should answer')}`,
  'dispute.taken_up': ({ part }) =>
    part === 'appeal'
      ? 'Another arbitrator looks at the appeal and can read this chat.'
      : 'An arbitrator looks at the dispute and can read this chat.',
  'dispute.answered': ({ by }) => `${actor({ actor: by })} answered the dispute.`,
  'dispute.evidence_added': ({ by, actor: who }) =>
    `${actor({ actor: by ?? who })} added evidence to the dispute.`,
  'dispute.ruled': ({ outcome, buyerAmount, appealUntil }) =>
    `The arbitrator ruled: ${OUTCOMES[String(outcome)] ?? String(outcome)}` +
    `${outcome === 'split' && buyerAmount !== undefined ? `, ${buyerAmount} of them to the buyer` : ''}.` +
    until(appealUntil, 'Either side can appeal'),
  'dispute.appealed': ({ by }) => `${actor({ actor: by })} appealed the ruling.`,
  'dispute.settled': () => 'The dispute is settled. Arbitrators cannot read this chat any more.',
  'dispute.closed': () => 'The dispute is closed. Arbitrators cannot read this chat any more.',
  'trade.disputed': (facts) => `${actor(facts)} opened a dispute. The coins stay in escrow.`,
}

/** A system message in English. What has no sentence of its own is told by its name, as notices are. */
export function systemText(code: string, facts: Facts): string {
  const sentence = SENTENCES[code]?.(facts)
  if (sentence !== undefined) return sentence
  const plain = code.replaceAll(/[._]/g, ' ')
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}.`
}
