import { curlOf, type Parameter } from './example.ts'
import { type Html, html, none, prose } from './html.ts'
import { introduction } from './introduction.ts'
import { page } from './layout.ts'
import { type Field, fieldsOf, type Schema } from './schema.ts'

/** As much of an OpenAPI description as the reference shows. */
export type ApiDescription = {
  tags?: { name: string; description?: string }[]
  paths?: Record<string, Record<string, Operation>>
}
export type Operation = {
  summary?: string
  description?: string
  tags?: string[]
  security?: unknown[]
  /** What an API key needs for the call; `session` is for what no key can do. */
  'x-scope'?: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses?: Record<string, Answer>
}
type Answer = { content?: Record<string, { schema: Schema }> }
type Call = Operation & { method: string; path: string; anchor: string }

/** The whole reference as one page. */
export function referencePage(api: ApiDescription): string {
  const groups = groupsOf(api)
  const contents = groups.map(
    ({ name, anchor, calls }) =>
      html`<li><a class="part" href="#${anchor}">${name}</a><ul>${calls.map(
        (call) =>
          html`<li><a class="entry" href="#${call.anchor}">
<b>${call.method.toUpperCase()}</b><span>${breakable(call.path)}</span></a></li>`,
      )}</ul></li>`,
  )
  return page({
    title: 'Fairlock API reference',
    place: 'reference',
    aside: html`<nav class="aside" aria-label="Contents"><ul>
<li><a class="part" href="#start">How to call it</a></li>${contents}</ul></nav>`,
    main: html`${introduction}${groups.map(
      ({ name, anchor, description, calls }) => html`
<section class="group" id="${anchor}"><h2>${name}</h2><p class="lead">${description}</p>${calls.map(callSection)}</section>`,
    )}`,
  })
}

function groupsOf(api: ApiDescription) {
  const calls = Object.entries(api.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Call => {
      return { ...operation, method, path, anchor: anchorOf(method, path) }
    }),
  )
  return (api.tags ?? [])
    .map(({ name, description = '' }) => {
      const own = calls.filter(({ tags }) => (tags?.[0] ?? 'Operation') === name)
      return { name, description, anchor: name.toLowerCase().replaceAll(/\W+/g, '-'), calls: own }
    })
    .filter((group) => group.calls.length > 0)
}

/** `post-v1-offers-id-trades`: stable, and readable in a link. */
export function anchorOf(method: string, path: string): string {
  return `${method}${path.replaceAll(/[^A-Za-z0-9]+/g, '-')}`.replace(/-$/, '')
}

function callSection(call: Call): Html {
  const body = call.requestBody?.content['application/json']?.schema ?? null
  const isPublic = call.security?.length === 0
  const parameters = call.parameters ?? []
  const curl = curlOf({ ...call, body, parameters, signedIn: !isPublic })
  return html`
<section class="call" id="${call.anchor}">
<h3><a href="#${call.anchor}"><span class="method">${call.method.toUpperCase()}</span>
<span>${breakable(call.path)}</span></a></h3>
<div class="columns"><div>
<p class="summary">${call.summary ?? ''}</p>
${call.description ? html`<p>${prose(call.description)}</p>` : none}
<p class="who">${whoMayCall(call, isPublic)}</p>
${['path', 'query', 'header'].map((place) => parameterFields(place, parameters))}
${body === null || fieldsOf(body).length === 0 ? none : fieldList('Body', fieldsOf(body), { patterns: true })}
${Object.entries(call.responses ?? {}).map(answerSection)}
</div><pre aria-label="Example">${curl}</pre></div></section>`
}

function whoMayCall(call: Call, isPublic: boolean): string {
  if (isPublic) return 'Open to everybody'
  if (call.tags?.includes('Administration')) return 'For staff with the role for it'
  const scope = call['x-scope']
  return scope === undefined || scope === 'session'
    ? 'For everybody who is signed in'
    : `For everybody who is signed in, and API keys with the scope ${scope}`
}

const PLACES: Record<string, string> = { path: 'In the path', query: 'In the query', header: 'Headers' }

function parameterFields(place: string, parameters: Parameter[]): Html {
  const own = parameters.filter((one) => one.in === place)
  if (own.length === 0) return none
  const fields = own.flatMap((one) =>
    fieldsOf({
      properties: { [one.name]: described(one) },
      required: one.required ? [one.name] : [],
    }),
  )
  return fieldList(PLACES[place]!, fields, { patterns: true })
}

/** The description of a parameter stands beside its schema, that of a field inside it. */
function described({ schema, description }: Parameter): Schema {
  return description === undefined ? schema : { ...schema, description }
}

function answerSection([status, answer]: [string, Answer]): Html {
  if (/^[45]/.test(status)) return none
  const schema = answer.content?.['application/json']?.schema
  const fields = schema === undefined ? [] : fieldsOf(schema)
  if (fields.length === 0) return html`<p class="answer">Answers <b>${status}</b> without a body.</p>`
  return html`<details class="answer"><summary>Answers <b>${status}</b> with ${fields.length} fields</summary>
${fieldList('', fields, { patterns: false })}</details>`
}

function fieldList(title: string, fields: Field[], { patterns }: { patterns: boolean }): Html {
  const rows = fields.map(
    (
      field,
    ) => html`<div><dt><code>${breakable(field.path)}</code>${patterns && !field.required ? html` <i>optional</i>` : none}</dt>
<dd><span class="type">${[field.type, ...field.limits].join(', ')}</span>${
      field.description === null ? none : html` <span>${prose(field.description)}</span>`
    }${patterns && field.pattern !== null ? html` <code class="pattern">${field.pattern}</code>` : none}</dd></div>`,
  )
  return html`${title === '' ? none : html`<h4>${title}</h4>`}<dl class="fields">${rows}</dl>`
}

/** A path that may go over two lines after each slash or dot. */
function breakable(path: string): Html[] {
  return path.split(/(?<=[/.])/).map((part) => html`${part}<wbr>`)
}
