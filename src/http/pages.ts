import type { App } from '../platform/index.ts'

/** /openapi.json, the description that programs read. */
export function pageRoutes(app: App): void {
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, async () =>
    app.swagger(),
  )
}
