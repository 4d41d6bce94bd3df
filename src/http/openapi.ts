import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { SESSION_COOKIE } from '../identity/index.ts'
import { scopeOf } from './scopes.ts'

/** What openapi.json says of the API beside its routes. */
export const openApiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Fairlock',
      version: '1',
      description:
        'Peer-to-peer crypto trading with escrow. Field names are camelCase; money and rates are decimal strings; ' +
        'times are RFC 3339 in UTC; ids are UUIDs. Errors are RFC 9457 problem details with a stable code. ' +
        'Lists are paged: pass nextCursor as cursor. POSTs that change something take an Idempotency-Key: the first ' +
        'answer is given again for seven days, another request with the key is refused.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: [
      { name: 'Sign-in', description: 'Registering, signing in and out' },
      { name: 'People', description: 'You, your sessions, and what everybody may know of a trader' },
      {
        name: 'Second factor',
        description: 'One-time codes, recovery codes, passkeys, and proving one of them',
      },
      { name: 'API keys', description: 'For programs that act for you' },
      {
        name: 'Second factor',
        description: 'One-time codes, recovery codes and passkeys beside the password',
      },
      { name: 'Webhooks', description: 'For programs of yours that want to be told; Standard Webhooks' },
      { name: 'Web push', description: 'For browsers that want to be told' },
      { name: 'Wallets', description: 'Balances and the statement' },
      { name: 'Payment methods', description: 'The ways the fiat goes' },
      { name: 'Prices', description: 'What coins are worth, and were' },
      { name: 'Offers', description: 'The market' },
      { name: 'Trades', description: 'From the take to the release' },
      { name: 'Files', description: 'Uploading what disputes, messages and KYC need, and looking at it' },
      {
        name: 'Chat',
        description: 'What the two sides of a trade write to each other, and what the platform tells both',
      },
      { name: 'Disputes', description: 'From opening one to its ruling' },
      { name: 'Administration', description: 'For staff' },
      { name: 'Operation', description: 'Health' },
    ],
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The token of a session, from signing in' },
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, flk_…, with the scope that the call names',
        },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: SESSION_COOKIE,
          description:
            'For browsers that signed in with session "cookie". Calls that change something must come from pages of ' +
            'this very origin.',
        },
      },
    },
  },
  // Who may call is part of the description: everybody, where the route is public.
  transform: ({ schema: said, url, route }) => {
    const form = route.config?.form
    const schema = form === undefined ? said : { ...said, consumes: ['multipart/form-data'], body: form }
    if (route.config?.access === 'public') return { schema: { ...schema, security: [] }, url }
    const scope = scopeOf(route.config ?? {}, String(route.method), url)
    const byKey = scope === undefined || scope === 'session' ? [] : [{ apiKey: [scope] }]
    const security = [{ token: [] }, { cookie: [] }, ...byKey]
    return { schema: { ...schema, security, ...(scope === undefined ? {} : { 'x-scope': scope }) }, url }
  },
  refResolver: {
    buildLocalReference: (json, _base, _fragment, index) =>
      typeof json.$id === 'string' ? json.$id : `def-${index}`,
  },
}
