// Two numbers that stdnum 1.12 checks wrongly. Its CLABE refuses the banks and cities that are not on its list (722
// Mercado Pago, 728 Spin), its CBU every block whose check digit is 0, which is one in ten.

const compact = (text: string) => text.replace(/[\s-]/g, '')

/** The digit that brings the weighted sum to a multiple of ten. */
function checkDigit(digits: string, weights: readonly number[]): string {
  const sum = [...digits].reduce(
    (total, digit, i) => total + Number(digit) * (weights[i % weights.length] ?? 0),
    0,
  )
  return String((10 - (sum % 10)) % 10)
}

/** Banco de México, rules of SPEI: bank 3, city 3, account 11 digits, and a check digit over them. */
export function clabe(text: string): string | null {
  const normal = compact(text)
  return /^\d{18}$/.test(normal) && checkDigit(normal.slice(0, 17), [3, 7, 1]) === normal[17] ? normal : null
}

/**
 * Banco Central de la República Argentina, CBU: bank and branch 7 digits and a check digit, account 13 digits and
 * a check digit. A CVU has the same form.
 */
export function cbu(text: string): string | null {
  const normal = compact(text)
  const isRight =
    /^\d{22}$/.test(normal) &&
    checkDigit(normal.slice(0, 7), [7, 1, 3, 9]) === normal[7] &&
    checkDigit(normal.slice(8, 21), [3, 9, 7, 1]) === normal[21]
  return isRight ? normal : null
}
