import type { Connection } from './connect.ts'

/** The people of the demo market and the password they share. */
export type DemoSignIns = { password: string; people: { email: string; about: string }[] }

export async function fillDemo(
  _database: Pick<Connection, 'ownerUrl' | 'appUrl'>,
): Promise<DemoSignIns | null> {
  return null
}

export async function fillEmptyDatabase(_connection: Connection, _yes: boolean): Promise<void> {
  return
}
