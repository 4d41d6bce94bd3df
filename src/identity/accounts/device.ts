const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|OPiOS|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bVersion\/[\d.]+ .*\bSafari\//, 'Safari'],
]
const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

/**
 * A short name for a user agent that people recognise ("Firefox on Windows"), without versions, so that it stays the
 * same through updates. Programs go by the name they begin with ("curl"). Anybody can send any user agent: it is for
 * recognising oneself, never a proof.
 */
export function deviceName(userAgent: string | null): string {
  if (userAgent === null) return 'An unnamed program'
  const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1]
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1]
  if (browser !== undefined) return system === undefined ? browser : `${browser} on ${system}`
  const program = /^[A-Za-z][\w.-]{0,40}(?=[/ ]|$)/.exec(userAgent)?.[0]
  if (program !== undefined && program !== 'Mozilla') return program
  return system === undefined ? 'An unknown program' : `A program on ${system}`
}
