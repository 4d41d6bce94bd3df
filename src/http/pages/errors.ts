import { STATUS_CODES } from 'node:http'
import { ERRORS } from '../../platform/index.ts'
import { html } from './html.ts'
import { page } from './layout.ts'

/** The error registry for people: the `type` of a problem leads here, to the anchor of its code. */
export function errorsPage(): string {
  const groups = Map.groupBy(Object.entries(ERRORS), ([, { status }]) => status)
  const statuses = [...groups].sort(([a], [b]) => a - b)
  return page({
    title: 'Fairlock errors',
    place: 'errors',
    aside: html`<nav class="aside" aria-label="Contents"><ul>${statuses.map(
      ([status, entries]) =>
        html`<li><a class="part" href="#status-${status}">${status} ${STATUS_CODES[status] ?? ''}</a><ul>${entries.map(
          ([code]) => html`<li><a class="entry" href="#${code}">${code}</a></li>`,
        )}</ul></li>`,
    )}</ul></nav>`,
    main: html`<h1>Errors</h1>
<p class="lead">Every way Fairlock says no. The <code>code</code> does not change from version to version; the sentence
may be put better. What is refused has had no effect.</p>
${statuses.map(
  ([status, entries]) => html`
<section class="group" id="status-${status}"><h2>${status} ${STATUS_CODES[status] ?? ''}</h2><dl class="errors">${entries.map(
    ([code, { title }]) =>
      html`<div id="${code}"><dt><a class="code" href="#${code}"><code>${code}</code></a></dt><dd>${title}</dd></div>`,
  )}</dl></section>`,
)}`,
  })
}
