import type { Words } from './notice.ts'

const by = (hour: unknown) => (hour ? ` by ${hour}` : '')
const OUTCOMES: Record<string, string> = {
  release: 'the coins go to the buyer',
  refund: 'the coins go back to the seller',
  split: 'the coins are divided between the two sides',
}

/** The words of news about disputes, for their sides and for who arbitrates them. */
export const WORDS_OF_DISPUTES: Record<string, Words> = {
  'dispute.opened': {
    subject: 'There is a dispute about your trade',
    sentence: ({ openedBy, answerDueAt }) =>
      (openedBy === 'clock'
        ? 'The seller did not release in time, so a dispute was opened for the buyer.'
        : `The ${openedBy} opened a dispute about your trade.`) +
      ` The coins stay in escrow. Say what happened${by(answerDueAt)} and show what you have.`,
  },
  'dispute.assigned': {
    subject: 'A dispute was assigned to you',
    sentence: ({ part }) =>
      part === 'second'
        ? 'Another arbitrator has ruled on a large dispute, and your consent is asked for.'
        : part === 'appeal'
          ? 'A ruling was appealed: you decide it, finally.'
          : 'A dispute was assigned to you. If you know one of the sides, step back.',
  },
  'dispute.answered': {
    subject: 'A statement in a dispute',
    sentence: ({ by: side, isLate }) =>
      `The ${side} said what happened${isLate ? ', after the time to answer was over' : ''}.`,
  },
  'dispute.evidence_added': {
    subject: 'New evidence in a dispute',
    sentence: ({ actor }) => `The ${actor} added a file to the evidence of a dispute. Look at it.`,
  },
  'dispute.question': {
    subject: 'The arbitrator asks you something',
    sentence: ({ dueAt }) => `The arbitrator of your dispute asks you something. Reply${by(dueAt)}.`,
  },
  'dispute.question_answered': {
    subject: 'Your question was answered',
    sentence: () => 'The side that you asked has replied.',
  },
  'dispute.ruled': {
    subject: 'Your dispute was ruled on',
    sentence: ({ outcome, appealUntil }) =>
      `The arbitrator ruled: ${OUTCOMES[String(outcome)] ?? outcome}.` +
      (appealUntil ? ` Until ${appealUntil} the losing side can appeal; then it takes effect.` : ''),
  },
  'dispute.consented': {
    subject: 'Your ruling has its consent',
    sentence: () => 'The second arbitrator agrees with your ruling. The two sides have been told.',
  },
  'dispute.consent_refused': {
    subject: 'Your ruling came back',
    sentence: () => 'The second arbitrator does not agree with your ruling. Read why, and rule anew.',
  },
  'dispute.appealed': {
    subject: 'The ruling was appealed',
    sentence: ({ by: side }) => `The ${side} appealed the ruling. Another arbitrator decides, finally.`,
  },
  'dispute.settled': {
    subject: 'Your dispute is settled',
    sentence: ({ resolution }) =>
      `What was ruled has been done: ${OUTCOMES[String(resolution)] ?? resolution}.`,
  },
  'dispute.closed': {
    subject: 'A dispute of yours is over',
    sentence: ({ resolution }) =>
      resolution === 'seller_released'
        ? 'The seller released the coins, which ends the dispute.'
        : 'The buyer conceded, which ends the dispute.',
  },
  'dispute.escalated': {
    subject: 'A ruling is overdue',
    sentence: ({ dueAt }) =>
      `A dispute should have been ruled on${by(dueAt)}. Look who has it, and reassign it.`,
  },
}
