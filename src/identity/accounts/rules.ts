import { Problem } from '../../platform/index.ts'
import { isBreached } from './breached.ts'
import { strengthOf } from './strength.ts'

/** zxcvbn's 3: more than 10^8 guesses, out of reach against Argon2id and the limits on sign-in. */
const LEAST_SCORE = 3
const ADVICE = 'Use four or more words that have nothing to do with each other, or a password manager.'

const WARNINGS: Record<string, string> = {
  topTen: 'is one of the passwords that are tried first',
  topHundred: 'is one of the passwords that are tried first',
  common: 'is among the passwords that were stolen most often',
  similarToCommon: 'is close to a password that was stolen often',
  userInputs: 'is made of your name, your address or the name of this site',
  simpleRepeat: 'repeats itself',
  extendedRepeat: 'repeats itself',
  sequences: 'is a sequence',
  recentYears: 'is mostly a year',
  dates: 'is mostly a date',
  straightRow: 'is a row of keys',
  keyPattern: 'is a pattern of keys',
  pwned: 'was in a data breach',
}

/** What of a person a guesser would try first. */
export type PasswordOwner = { email: string; displayName: string | null }

/** Which passwords are taken: not easy to guess, and in no list of leaked ones where the operator has one. */
export class PasswordRules {
  readonly #breachedFile: string | null

  constructor(breachedFile: string | null) {
    this.#breachedFile = breachedFile
  }

  /** Throws `Problem` weak_password, with what is wrong with it and what to do, under the name of the field. */
  async check(password: string, owner: PasswordOwner, field: string): Promise<void> {
    const problem = await this.weaknessOf(password, owner)
    if (problem !== null) throw new Problem('weak_password', {}, [{ field, problem }])
  }

  /** What is wrong with a password and what to do; null when nothing is. */
  async weaknessOf(password: string, owner: PasswordOwner): Promise<string | null> {
    const plain = password.normalize('NFKC')
    const { score, warning } = await strengthOf(plain, wordsOf(owner))
    if (score < LEAST_SCORE) return `${WARNINGS[warning ?? ''] ?? 'is too easy to guess'}. ${ADVICE}`
    if (this.#breachedFile !== null && (await isBreached(this.#breachedFile, plain))) {
      return `${WARNINGS.pwned}. ${ADVICE}`
    }
    return null
  }
}

function wordsOf({ email, displayName }: PasswordOwner): string[] {
  const [local = '', domain = ''] = email.toLowerCase().split('@')
  const name = displayName?.toLowerCase() ?? ''
  const pieces = [
    email.toLowerCase(),
    local,
    domain,
    name,
    ...`${local} ${domain} ${name}`.split(/[^\p{L}\p{N}]+/u),
  ]
  return ['fairlock', ...new Set(pieces.filter((word) => word.length > 2))]
}
