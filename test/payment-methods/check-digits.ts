// Check digits computed here a second time, by their own standards, so that the libraries are not asked about themselves.

const digits = (text: string) => [...text].map(Number)
const sum = (text: string, weights: number[]) =>
  digits(text).reduce((total, digit, i) => total + digit * weights[i % weights.length]!, 0)
const eleven = (text: string, weights: number[]) => (11 - (sum(text, weights) % 11)) % 11

/** ISO 13616: letters are 10 to 35, and the number with the country behind it leaves 1 modulo 97. */
export function iban(country: string, bban: string): string {
  const number = [...`${bban}${country}00`].map((one) => Number.parseInt(one, 36)).join('')
  return `${country}${String(98n - (BigInt(number) % 97n)).padStart(2, '0')}${bban}`
}

/** ISO/IEC 7812. */
export function card(front: string): string {
  const total = digits(front)
    .reverse()
    .map((digit, i) => (i % 2 === 1 ? digit : digit * 2 > 9 ? digit * 2 - 9 : digit * 2))
    .reduce((a, b) => a + b, 0)
  return `${front}${(10 - (total % 10)) % 10}`
}

export const routingNumber = (front: string) => `${front}${(10 - (sum(front, [3, 7, 1]) % 10)) % 10}`

/** Banco de México: each product modulo 10. */
export function clabe(front: string): string {
  const total = digits(front).reduce((all, digit, i) => all + ((digit * [3, 7, 1][i % 3]!) % 10), 0)
  return `${front}${(10 - (total % 10)) % 10}`
}

/** Banco Central de la República Argentina: bank and branch have one check digit, the account another. */
export function cbu(bank: string, account: string): string {
  const check = (text: string, weights: number[]) => (10 - (sum(text, weights) % 10)) % 10
  return `${bank}${check(bank, [7, 1, 3, 9])}${account}${check(account, [3, 9, 7, 1])}`
}

export function kontonummer(front: string): string | null {
  const check = eleven(front, [5, 4, 3, 2, 7, 6])
  return check === 10 ? null : `${front}${check}`
}

export function cpf(front: string): string {
  let number = front
  for (const first of [10, 11]) {
    const weights = [...number].map((_, i) => first - i)
    number += String(eleven(number, weights) % 10)
  }
  return number
}

export function rut(front: string): string {
  const check = eleven([...front].reverse().join(''), [2, 3, 4, 5, 6, 7])
  return `${front}${check === 10 ? 'K' : check}`
}

export function thaiId(front: string): string {
  const weights = [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]
  return `${front}${(11 - (sum(front, weights) % 11)) % 10}`
}

/** Australian Business Register: nine digits get two check digits in front of them. */
export function abn(back: string): string {
  const weights = [3, 5, 7, 9, 11, 13, 15, 17, 19]
  return `${99 - (sum(back, weights) % 89)}${back}`
}
