import { type Html, html } from './html.ts'
import { ASSETS, PAGE_HEADERS, page } from './layout.ts'

const script = ASSETS.find(({ url }) => url.endsWith('.js'))!

/** The other pages have no script. This one has its own, which speaks to this server and nobody else. */
export const ACCOUNT_HEADERS = {
  ...PAGE_HEADERS,
  'content-security-policy': `${PAGE_HEADERS['content-security-policy']}; script-src 'self'; connect-src 'self'`,
}

/** Where the links of mails lead: setting a new password, confirming an address, refusing one. */
export function accountPage(): string {
  return page({
    title: 'Your account · Fairlock',
    place: 'account',
    main: html`<h1>Your account</h1>
<p id="no-link">Open the link of a mail to come here. A link is good once; ask for a new one where you sign in.</p>
${section(
  'password-reset',
  'Set a new password',
  'Your new password is set. Sign in with it; all your earlier sessions have ended.',
  html`<p><label for="password">New password</label><br>
<input id="password" name="newPassword" type="password" autocomplete="new-password" minlength="8" maxlength="200"
required></p>
<p hidden data-after="totp_required"><label for="code">Code of your authenticator app, or a recovery code</label><br>
<input id="code" name="code" autocomplete="one-time-code" maxlength="40" disabled></p>`,
)}${section(
  'email-confirmation',
  'Confirm this e-mail address',
  'The address is confirmed. It takes effect when the time for the old address to say no is over.',
)}${section(
  'email-cancellation',
  'Keep the old e-mail address',
  'The change is cancelled. Set a new password as well if you did not ask for it.',
)}
<script type="module" src="${script.url}"></script>`,
  })
}

function section(id: string, action: string, done: string, fields: Html | string = ''): Html {
  return html`<section id="${id}" hidden><h2>${action}</h2>
<form data-done="${done}">${fields}
<p><button type="submit">${action}</button></p></form>
<p role="status"></p></section>`
}
