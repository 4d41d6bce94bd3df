import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

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
      { name: 'Wallets', description: 'Balances and the statement' },
      { name: 'Offers', description: 'The market' },
      { name: 'Trades', description: 'From the take to the release' },
      { name: 'Administration', description: 'For staff' },
      { name: 'Operation', description: 'Health' },
    ],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }],
  },
  // Who may call is part of the description: everybody, where the route is public.
  transform: ({ schema, url, route }) => ({
    schema: route.config?.access === 'public' ? { ...schema, security: [] } : schema,
    url,
  }),
  refResolver: {
    buildLocalReference: (json, _base, _fragment, index) =>
      typeof json.$id === 'string' ? json.$id : `def-${index}`,
  },
}
