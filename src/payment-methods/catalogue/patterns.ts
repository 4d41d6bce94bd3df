// Forms of account numbers and names that no library knows, each with where it is laid down. They carry no check digits,
// so a form is all that can be asked.

/** A form: what it is, the pattern of its normal form, and how spellings of it come to that form. */
export type Form = { readonly rule: string; readonly pattern: RegExp; normal(text: string): string }

const compact = (text: string) => text.replace(/[\s.-]/g, '')
const upper = (text: string) => compact(text).toUpperCase()
const lower = (text: string) => text.replace(/\s/g, '').toLowerCase()
const grouped = (text: string, size: number) =>
  compact(text).replace(new RegExp(`.{${size}}(?=.)`, 'g'), '$&-')
const prefixed = (sign: string) => (text: string) => sign + lower(text).replace(/^[$@]/, '')

export const FORMS = {
  /** Pay.UK, Extended Industry Sort Code Directory: six digits, written in pairs. */
  sort_code: {
    rule: 'a sort code of six digits',
    pattern: /^\d\d-\d\d-\d\d$/,
    normal: (text) => grouped(text, 2),
  },
  /** Pay.UK, Faster Payments: account numbers have eight digits, shorter old ones are filled with zeros in front. */
  uk_account: { rule: 'an account number of eight digits', pattern: /^\d{8}$/, normal: compact },
  /** Nacha Operating Rules: the DFI account number of an entry has at most 17 characters; banks use digits. */
  us_account: { rule: 'an account number of 4 to 17 digits', pattern: /^\d{4,17}$/, normal: compact },
  /** Reserve Bank of India: four letters of the bank, a zero, six characters of the branch. */
  ifsc: {
    rule: 'an IFSC: four letters, a zero and six letters or digits',
    pattern: /^[A-Z]{4}0[A-Z0-9]{6}$/,
    normal: upper,
  },
  /** Account numbers of Indian banks have 9 to 18 digits (NPCI, IMPS person-to-account). */
  in_account: { rule: 'an account number of 9 to 18 digits', pattern: /^\d{9,18}$/, normal: compact },
  /** Australian Payments Network: bank, state and branch in six digits, written in halves. */
  bsb: { rule: 'a BSB of six digits', pattern: /^\d{3}-\d{3}$/, normal: (text) => grouped(text, 3) },
  /** Australian Payments Network, direct entry files: at most nine digits. */
  au_account: { rule: 'an account number of 5 to 9 digits', pattern: /^\d{5,9}$/, normal: compact },
  /** NPCI, UPI Linking Specification: a virtual payment address is a name, @ and the handle of a bank or app. */
  upi_vpa: {
    rule: 'a UPI ID such as name@bank',
    pattern: /^[a-z0-9._-]{2,200}@[a-z][a-z0-9]{1,63}$/,
    normal: lower,
  },
  /** Central Bank of Nigeria, NUBAN standard: ten digits (its check digit needs the bank's code beside it). */
  nuban: { rule: 'an account number of ten digits', pattern: /^\d{10}$/, normal: compact },
  /** Zengin data format of the Japanese Bankers Association: bank 4, branch 3, account 7 digits. */
  jp_bank: { rule: 'a bank code of four digits', pattern: /^\d{4}$/, normal: compact },
  jp_branch: { rule: 'a branch code of three digits', pattern: /^\d{3}$/, normal: compact },
  jp_account: { rule: 'an account number of seven digits', pattern: /^\d{7}$/, normal: compact },
  /** South African banks: universal branch codes have six digits, account numbers 7 to 11. */
  za_branch: { rule: 'a branch code of six digits', pattern: /^\d{6}$/, normal: compact },
  za_account: { rule: 'an account number of 7 to 11 digits', pattern: /^\d{7,11}$/, normal: compact },
  /** Banco Central de la República Argentina, Com. A 6044: an alias has 6 to 20 letters, digits, dots and hyphens. */
  ar_alias: {
    rule: 'an alias of 6 to 20 letters, digits, dots or hyphens',
    pattern: /^[a-z0-9.-]{6,20}$/,
    normal: lower,
  },
  /** Sudeban, codes of Venezuelan banks: four digits that begin with 01. */
  ve_bank: { rule: 'a bank code of four digits that begins with 01', pattern: /^01\d\d$/, normal: compact },
  /** Cédula de identidad of Venezuela: V for citizens, E for foreigners. */
  ve_cedula: {
    rule: 'a cédula: V or E and 6 to 9 digits',
    pattern: /^[VE]\d{6,9}$/,
    normal: upper,
  },
  /** BACEN, DICT API: the random key of Pix is a version 4 UUID. The other keys are checked by libraries. */
  pix_random: {
    rule: 'a random Pix key (a UUID)',
    pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    normal: lower,
  },
  /** HKICL, FPS scheme rules: an FPS identifier has seven digits, of large firms nine. */
  fps_id: {
    rule: 'an FPS identifier of seven or nine digits',
    pattern: /^(?:\d{7}|\d{9})$/,
    normal: compact,
  },
  /** Central Bank of Egypt, InstaPay: an Instant Payment Address is a name before @instapay. */
  instapay: {
    rule: 'an InstaPay address such as name@instapay',
    pattern: /^[a-z0-9._-]{2,60}@instapay$/,
    normal: lower,
  },
  /** Papara help centre: every account has a number of ten digits. */
  papara: { rule: 'a Papara number of ten digits', pattern: /^\d{10}$/, normal: compact },
  /** WeChat: 6 to 20 letters, digits, hyphens and underscores, a letter first. */
  wechat: {
    rule: 'a WeChat ID of 6 to 20 characters that begins with a letter',
    pattern: /^[a-z][a-z0-9_-]{5,19}$/,
    normal: lower,
  },
  /** Cash App: a $cashtag has 1 to 20 letters, digits and single marks, and at least one letter. */
  cashtag: {
    rule: 'a $cashtag of at most 20 characters',
    pattern: /^\$(?=.{0,19}[a-z])[a-z0-9_-]{1,20}$/,
    normal: prefixed('$'),
  },
  /** Venmo: a username has 5 to 30 letters, digits, hyphens and underscores. */
  venmo: { rule: 'a Venmo username such as @name', pattern: /^@[a-z0-9_-]{5,30}$/, normal: prefixed('@') },
  /** Revolut: a Revtag has 3 to 16 letters and digits. */
  revtag: {
    rule: 'a Revtag such as @name, of 3 to 16 letters and digits',
    pattern: /^@[a-z0-9]{3,16}$/,
    normal: prefixed('@'),
  },
  /** Wise: the tag that the app shows under "Your Wisetag". */
  wisetag: { rule: 'a Wisetag such as @name', pattern: /^@[a-z0-9._-]{3,30}$/, normal: prefixed('@') },
  /** Paystack: the last part of a payment page's address, paystack.com/pay/… */
  paystack_page: {
    rule: 'what stands behind paystack.com/pay/ in the address of your page',
    pattern: /^[a-z0-9](?:[a-z0-9_-]{0,98}[a-z0-9])?$/,
    normal: (text) => lower(text).replace(/^(?:https:\/\/)?paystack\.com\/pay\//, ''),
  },
  /** An account number of a country that has no form of its own here: letters and digits, as on a bank's statement. */
  local_account: {
    rule: 'an account number of 5 to 34 letters and digits',
    pattern: /^(?=.*\d)[A-Z0-9]{5,34}$/,
    normal: upper,
  },
  /** ISO 3166-1 alpha-2 code of a country; whether there is one is asked of the library. */
  country: { rule: 'the two letters of a country, such as DE', pattern: /^[A-Z]{2}$/, normal: upper },
} as const satisfies Record<string, Form>
