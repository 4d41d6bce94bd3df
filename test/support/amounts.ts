/** Amounts as whole numbers of the 8th decimal, so that tests compute exactly and by other means than the program. */
export function units(text: string): bigint {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,8}))?$/.exec(text) ?? []
  if (whole === '') throw new Error(`not an amount: ${text}`)
  return BigInt(`${sign}${whole}${fraction.padEnd(8, '0')}`)
}

/** The form of every amount on the wire: 8 decimals. */
export function decimal(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(9, '0')
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`
}

/** A fee of so many thousandths, half to even at the 8th decimal. */
export function feeOf(amount: bigint, thousandths: bigint): bigint {
  const exact = amount * thousandths
  const [whole, rest] = [exact / 1000n, exact % 1000n]
  return rest > 500n || (rest === 500n && whole % 2n === 1n) ? whole + 1n : whole
}

export const MAKER_FEE = 1n
export const TAKER_FEE = 2n
