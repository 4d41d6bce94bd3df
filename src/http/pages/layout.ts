import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Html, html, none } from './html.ts'

const file = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

/** What the pages load, under names that change with the content, so that it can be kept for a year. */
export const ASSETS = [
  asset('style.css', 'text/css; charset=utf-8'),
  asset('icon.svg', 'image/svg+xml'),
  asset('account.js', 'text/javascript; charset=utf-8'),
] as const

/** Nothing but our own stylesheet and icon: no script, no frame, no form, nobody else's server. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

/** `account` is reached from mails alone and stands in no menu. */
export type Place = 'home' | 'reference' | 'errors' | 'account'
const PLACES: [Place, string, string][] = [
  ['home', '/', 'This market'],
  ['reference', '/docs', 'API reference'],
  ['errors', '/docs/errors', 'Errors'],
]

const here = html` aria-current="page"`

/** A whole page. `aside` is what stands beside the text on a wide screen and above it on a narrow one. */
export function page(parts: { title: string; place: Place; aside?: Html; main: Html }): string {
  const [style, icon] = ASSETS
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${parts.title}</title>
<link rel="stylesheet" href="${style.url}">
<link rel="icon" href="${icon.url}">
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header class="top">
<a class="name" href="/"><img src="${icon.url}" alt="" width="20" height="20"> Fairlock</a>
<nav aria-label="Pages"><ul>${PLACES.map(
    ([place, url, name]) => html`<li><a href="${url}"${place === parts.place ? here : none}>${name}</a></li>`,
  )}</ul></nav>
</header>
<div class="${parts.aside ? 'page with-aside' : 'page'}">
${parts.aside ?? none}
<main id="main" tabindex="-1">${parts.main}</main>
</div>
</body>
</html>
`
  return text
}

function asset(name: string, type: string) {
  const body = file(name)
  const [stem, end] = name.split('.')
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 10)
  return { url: `/assets/${stem}-${hash}.${end}`, type, body }
}
