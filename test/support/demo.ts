import type { OpenApi } from '../../src/cli/index.ts'
import type { Market } from './market.ts'

/** The API of a market, for the filling of a demo; it breaks off after so many requests. */
export function demoApi({ app }: Pick<Market, 'app'>, requests = Number.POSITIVE_INFINITY): OpenApi {
  return async () => ({
    async ask(request) {
      if (requests-- <= 0) throw new Error('broken off')
      return app.inject(request)
    },
    close: async () => undefined,
  })
}
