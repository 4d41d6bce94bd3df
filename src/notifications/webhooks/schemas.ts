import { Type } from 'typebox'
import { Id, Nullable, Time } from '../../platform/index.ts'

export const WebhookUrl = Type.String({
  minLength: 1,
  maxLength: 1000,
  description: 'https, on the public Internet, without user name and password',
  examples: ['https://bot.example.net/fairlock'],
})
export const Events = Type.Array(
  Type.String({
    maxLength: 60,
    pattern: '^(?:\\*|[a-z_]+(?:\\.[a-z_]+)*\\.\\*|[a-z_]+(?:\\.[a-z_]+)+)$',
    examples: ['trade.*', 'dispute.opened'],
  }),
  {
    minItems: 1,
    maxItems: 50,
    uniqueItems: true,
    description: 'Kinds, families like `trade.*`, or `*` for all',
  },
)
export const Description = Type.String({ maxLength: 200 })

/** A webhook as its owner sees it. */
export const Webhook = Type.Object({
  id: Id,
  url: Type.String(),
  events: Type.Array(Type.String()),
  description: Nullable(Type.String()),
  status: Type.Union([Type.Literal('live'), Type.Literal('paused'), Type.Literal('disabled')]),
  disabledReason: Nullable(
    Type.Union([Type.Literal('gone'), Type.Literal('failing')], {
      description: 'gone: it answered 410; failing: five messages in a row could not be delivered',
    }),
  ),
  previousSecretUntil: Nullable(Time),
  createdAt: Time,
  updatedAt: Time,
})

const Secret = Nullable(
  Type.String({ description: 'In this answer and nowhere else', examples: ['whsec_…'] }),
)
/** The answers that have a secret in them. */
export const MadeWebhook = Type.Object({ ...Webhook.properties, secret: Secret })

export const DeliveryState = Type.Union([
  Type.Literal('pending'),
  Type.Literal('delivered'),
  Type.Literal('dead'),
])

/** One message to a webhook and how its attempts went. */
export const Delivery = Type.Object({
  id: Id,
  webhookId: Id,
  eventId: Type.String({ description: 'The webhook-id of the message, the same in every attempt' }),
  type: Type.String({ examples: ['trade.paid'] }),
  data: Type.Record(Type.String(), Type.Unknown()),
  happenedAt: Time,
  state: DeliveryState,
  attempts: Type.Integer(),
  nextAttemptAt: Nullable(Time),
  lastAttemptAt: Nullable(Time),
  lastStatus: Nullable(Type.Integer({ description: 'The status that the endpoint answered' })),
  lastError: Nullable(
    Type.String({
      description:
        'status, redirect, timeout, connection, tls, dns, protocol, target (not a public address), ' +
        'secret, closing or disabled',
    }),
  ),
  createdAt: Time,
  finishedAt: Nullable(Time),
})
