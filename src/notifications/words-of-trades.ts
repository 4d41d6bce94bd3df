import type { NoticeData, Words } from './notice.ts'

/** What the one who did it is called; the clock did what nobody did. */
const who = (data: NoticeData) => {
  const names: Record<string, string> = {
    seller: 'The seller',
    buyer: 'The buyer',
    arbitrator: 'The arbitrator',
  }
  return names[String(data.actor)] ?? 'The other side'
}

/** The words of what happens in trades and around them. Each is read beside a link to its trade. */
export const WORDS_OF_TRADES: Record<string, Words> = {
  'trade.taken': {
    subject: 'Somebody took your offer',
    sentence: (data) =>
      data.status === 'funded'
        ? `${who(data)} took your offer. The coins are in escrow; it is the buyer’s turn to pay.`
        : `${who(data)} took your offer. It is the seller’s turn to put the coins into escrow.`,
  },
  'trade.funded': {
    subject: 'The coins are in escrow',
    sentence: () => 'The seller put the coins into escrow. Pay now, and mark the trade as paid.',
  },
  'trade.paid': {
    subject: 'The buyer has paid',
    sentence: () =>
      'The buyer says that the money was sent. Look into your account, not at a mail or a picture, and release the ' +
      'coins when it is there.',
  },
  'trade.completed': {
    subject: 'The coins are yours',
    sentence: (data) =>
      data.role === 'seller'
        ? 'The trade is completed: the coins went to the buyer.'
        : 'The seller released the coins; they are in your wallet.',
  },
  'trade.cancelled': {
    subject: 'A trade was cancelled',
    sentence: (data) => `${who(data)} cancelled the trade. What was in escrow went back to the seller.`,
  },
  'trade.expired': {
    subject: 'A trade ran out of time',
    sentence: (data) =>
      data.from === 'pending'
        ? 'The seller did not put the coins into escrow in time. The trade is over.'
        : 'The buyer did not pay in time. The trade is over, and the coins went back to the seller.',
  },
  'message.posted': {
    subject: 'New messages in a trade',
    sentence: () => 'There are new messages in the chat of a trade of yours.',
  },
  'rating.given': {
    subject: 'You were rated',
    sentence: () => 'The other side of a completed trade rated you.',
  },
  'rating.answered': {
    subject: 'Your rating was answered',
    sentence: () => 'The other side of a trade answered the rating that you gave.',
  },
  'announcement.published': {
    subject: 'News from the operator',
    sentence: (data) => [data.title, data.text].filter(Boolean).join('\n\n'),
  },
}
