import { type Answer, call, type Json, type Person } from '../support/market.ts'

/** Makes a key for a person and gives what acts by it. */
export async function makeKey(person: Person, url: string, body: Json = {}): Promise<KeyHolder> {
  const made = await person.post('/v1/api-keys', { name: 'a program', scopes: ['read', 'trade'], ...body })
  if (made.status !== 201) throw new Error(`could not make a key: ${JSON.stringify(made.body)}`)
  return keyHolder(url, made.body.id, made.body.key)
}

export type KeyHolder = ReturnType<typeof keyHolder>

/** Somebody who has nothing but a key. */
export function keyHolder(url: string, id: string, key: string) {
  const headers = { authorization: `Bearer ${key}` }
  const ask = (method: string, path: string, body?: unknown, more: Record<string, string> = {}) =>
    call(url, method, path, body, { ...headers, ...more })
  return {
    id,
    key,
    ask,
    get: (path: string): Promise<Answer> => ask('GET', path),
    post: (path: string, body?: unknown): Promise<Answer> => ask('POST', path, body),
  }
}
