import { html } from './html.ts'

/** What holds for every call; stands at the top of the reference. */
export const introduction = html`
<section id="start">
<h1>API reference</h1>
<p class="lead">Everything Fairlock does, over HTTP and JSON. For programs there is the same as
<a href="/openapi.json">openapi.json</a>.</p>
<div class="columns"><div>
<h2>How to call it</h2>
<p>Register or sign in, and send the token you get with each call. It is yours for 30 days, or until you sign out.</p>
<h3>Money and times</h3>
<p>Amounts, prices and fees are decimal strings such as <code>"0.05000000"</code>, never numbers, so that nothing is
rounded on the way. Answers always have 8 decimals. Times are RFC 3339 in UTC, ids are UUIDs.</p>
<h3>Errors</h3>
<p>An answer from 400 on is problem details (RFC 9457) with a <code>code</code> that does not change; wrong fields are
named in <code>errors</code>. <a href="/docs/errors">All codes and what they mean</a>. What belongs to somebody else
is 404, like what does not exist.</p>
<h3>Asking twice</h3>
<p>Send an <code>Idempotency-Key</code> of your own with a POST. When the answer gets lost, send the same again: it has
its effect once, and you get the first answer. Another request with the same key is refused. A key is remembered for
seven days.</p>
<h3>Lists</h3>
<p>Lists come in pages: pass <code>nextCursor</code> as <code>cursor</code> to get the next one, until it is null.</p>
</div><pre aria-label="Example">FAIRLOCK=http://127.0.0.1:3000

curl "$FAIRLOCK/v1/auth/login" \\
  -H 'Content-Type: application/json' \\
  -d '{
  "email": "marta@example.org",
  "password": "four words and a horse"
}'

TOKEN=...   # "token" of the answer

curl "$FAIRLOCK/v1/wallets/BTC" \\
  -H "Authorization: Bearer $TOKEN"</pre></div>
</section>`
