// The page behind the links of mails. The token stands behind the "#" of the address, which no browser sends to a
// server; it is taken out of the address at once, so that it stays in no history.
const paths = {
  'password-reset': '/v1/auth/password-reset/confirmation',
  'email-confirmation': '/v1/auth/email-change/confirmation',
  'email-cancellation': '/v1/auth/email-change/cancellation',
}
const [use, token] = location.hash.slice(1).split('=')
history.replaceState(null, '', location.pathname)
const section = Object.hasOwn(paths, use) && token ? document.getElementById(use) : null
if (section) {
  document.getElementById('no-link').hidden = true
  section.hidden = false
  section.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault()
    void send(event.currentTarget)
  })
}

async function send(form) {
  const said = section.querySelector('[role=status]')
  const button = form.querySelector('button')
  button.disabled = true
  said.textContent = 'One moment.'
  try {
    const response = await fetch(paths[use], {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, ...fieldsOf(form) }),
    })
    if (response.ok) {
      form.hidden = true
      said.textContent = form.dataset.done
      return
    }
    const problem = await response.json()
    for (const hidden of form.querySelectorAll(`[data-after="${problem.code}"]`)) ask(hidden)
    const details = (problem.errors ?? []).map((error) => `It ${error.problem}`)
    said.textContent = [problem.title, ...details].join(' ')
  } catch {
    said.textContent = 'The market does not answer. Nothing was changed; try again in a moment.'
  }
  button.disabled = false
}

/** What the form asks for; a code of six digits is the app's, any other a recovery code. */
function fieldsOf(form) {
  const { code, ...fields } = Object.fromEntries(new FormData(form))
  if (code === undefined) return fields
  return { ...fields, [/^\d{3} ?\d{3}$/.test(code) ? 'totp' : 'recoveryCode']: code }
}

/** Shows a field that only some people need, once it turns out that this one does. */
function ask(paragraph) {
  paragraph.hidden = false
  const input = paragraph.querySelector('input')
  input.disabled = false
  input.required = true
  input.focus()
}
