import { UNKNOWN_ID } from './operations.ts'

// What no field may take, by kind.

export const BAD_VALUES = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  '',
  ' ',
  '-',
  [],
  [[]],
  [null],
  {},
  { a: 1 },
  'x'.repeat(5000),
]
export const UNKEEPABLE = ['a\u0000b', '\u0000', '\ud800', 'a\udfff']
export const BAD_MONEY = [
  '0',
  '0.00000000',
  '00.1',
  '01',
  '1e3',
  '1E3',
  'Infinity',
  'NaN',
  ' 1',
  '1 ',
  '1\n',
  '+1',
  '1.',
  '.5',
]
  .concat(['0.000000001', '1000000000000', '1,5', '1_000', '0x10', '١', '１', '1.1.1', '--1', '', 'null'])
  .concat([`1${'0'.repeat(400)}`, `0.${'0'.repeat(400)}1`])
export const BAD_IDS = [
  'x',
  '0',
  'null',
  '%00',
  `${UNKNOWN_ID}0`,
  UNKNOWN_ID.slice(1),
  `urn:uuid:${UNKNOWN_ID}`,
].concat([
  `{${UNKNOWN_ID}}`,
  UNKNOWN_ID.replaceAll('-', ''),
  "' or true --",
  '../../me',
  'é',
  'x'.repeat(190),
  'x'.repeat(5000),
])
export const BAD_CURSORS = [
  'x',
  '%00',
  'e30',
  ...[[], ['trades'], [1, 2], { a: 1 }, ['offers', 'x', UNKNOWN_ID]].map(encoded),
]
  .concat(
    [
      '2026-02-31T10:00:00.000000Z',
      '0000-01-01T00:00:00.000000Z',
      '2026-13-01T00:00:00.000000Z',
      'infinity',
    ].flatMap((time) =>
      ['trades', 'own offers', 'transactions'].map((list) => encoded([list, time, UNKNOWN_ID])),
    ),
  )
  .concat(['1e3', '-1', 'NaN', '0.000000001'].map((price) => encoded(['offers', price, UNKNOWN_ID])))
export const BAD_JSON = [
  '{',
  '{"a":1,}',
  "{'a':1}",
  'undefined',
  '\u0000',
  '[1',
  '{"a":1}{}',
  '"\\ud8',
  'NaN',
  '{"a":01}',
]
  .concat([
    '{"__proto__":{"x":1}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
  ])
  .concat(['[{"b":{"c":1,"c":1}}]', '['.repeat(100_000)])

/** A cursor as the API writes them. */
export function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
