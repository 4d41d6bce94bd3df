const MOST_CHARACTERS = 120

/** The endings that a name may have, by what is in the file; the first is added to a name that has none of them. */
const ENDINGS: Record<string, string[]> = {
  'image/png': ['png'],
  'image/jpeg': ['jpg', 'jpeg'],
  'image/webp': ['webp'],
  'image/heic': ['heic', 'heif'],
  'application/pdf': ['pdf'],
  'text/plain': ['txt', 'text', 'log', 'csv', 'md'],
}

/**
 * The name under which a file is kept: without folders, control characters and those that turn the direction of
 * writing, and with an ending that fits what is in it, so that a text which calls itself a program is none to anybody.
 */
export function cleanName(said: string | undefined, mediaType: string): string {
  const base = (said ?? '').toWellFormed().normalize('NFC').split(/[/\\]/).at(-1)!
  const visible = base
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .replaceAll(/["*:<>?|\s]+/g, ' ')
    .trim()
    .replaceAll(/^\.+|[. ]+$/g, '')
  const endings = ENDINGS[mediaType] ?? ['bin']
  const dot = visible.lastIndexOf('.')
  const isFitting = dot > 0 && endings.includes(visible.slice(dot + 1).toLowerCase())
  const stem = (isFitting ? visible.slice(0, dot) : visible) || 'file'
  const ending = isFitting ? visible.slice(dot) : `.${endings[0]}`
  return [...stem].slice(0, MOST_CHARACTERS - ending.length).join('') + ending
}

/** RFC 6266: to be saved, never shown; the name once for old programs and once with all of its characters. */
export function attachment(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/[^\x20-\x7e]/g, '_')
    .replaceAll(/["\\%]/g, '_')
  const exact = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`
}
