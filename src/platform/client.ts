import pg from 'pg'

/**
 * A connection of its own, not connected yet. One that breaks between two queries fails the next query; without somebody
 * who listens to it, Node would end the process, too: with a stack instead of a message, and in the middle of what it does.
 */
export function newClient(options: pg.ClientConfig): pg.Client {
  const client = new pg.Client(options)
  client.on('error', () => undefined)
  return client
}
