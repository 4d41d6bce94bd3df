import { type FieldError, Problem } from '../../platform/index.ts'

export const MOST_CHARACTERS = 4000

/**
 * What cannot be seen and changes what is seen: bidi embeddings, overrides and isolates (they show text in another order
 * than it is read by programs), zero-width spaces, the soft hyphen, fillers, and tags. It is taken out without a word:
 * phones put some of it around what is pasted. Joiners stay, scripts and emoji need them; so do the marks that say in
 * which direction a letter runs.
 */
const INVISIBLE =
  /[\u00ad\u115f\u1160\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu
/** Controls that no message needs: all but the tab and the line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/

/**
 * A message as it is kept: lines end with a line feed, nothing invisible is left, no blanks around it. Throws `Problem`
 * invalid_request for control characters and half characters, and for what is empty or longer than 4000 characters then.
 */
export function cleanText(said: string): string {
  if (!said.isWellFormed()) throw refused('has half a character (a lone surrogate)')
  const lines = said.replaceAll('\r\n', '\n')
  if (CONTROLS.test(lines.replaceAll('\r', '\n'))) throw refused('has control characters')
  const text = lines.replaceAll('\r', '\n').replace(INVISIBLE, '').trim()
  if (text === '') throw refused('has no characters that can be seen')
  if ([...text].length > MOST_CHARACTERS) throw refused(`must have at most ${MOST_CHARACTERS} characters`)
  return text
}

function refused(problem: string): Problem {
  const errors: FieldError[] = [{ field: 'text', problem }]
  return new Problem('invalid_request', {}, errors)
}
