import type pg from 'pg'

type LeafRow = { position: number; userId: string; nonce: Buffer; available: string; held: string }
type NodeRow = { level: number; chunk: number; nodes: Buffer }

/** Collects the rows of one tree and writes many with each statement. */
export class TreeRows {
  readonly #client: pg.Client
  readonly #snapshot: number
  readonly #tree: number
  #leaves: LeafRow[] = []
  #nodes: NodeRow[] = []

  constructor(client: pg.Client, snapshot: number, tree: number) {
    this.#client = client
    this.#snapshot = snapshot
    this.#tree = tree
  }

  leaf(row: LeafRow): void {
    this.#leaves.push(row)
  }

  node(level: number, chunk: number, nodes: Buffer): void {
    this.#nodes.push({ level, chunk, nodes })
  }

  async flush(): Promise<void> {
    const [leaves, nodes] = [this.#leaves, this.#nodes]
    this.#leaves = []
    this.#nodes = []
    if (leaves.length > 0) {
      await this.#client.query(
        `insert into fairlock.liability_leaves (snapshot, tree, position, user_id, nonce, available, held)
         select $1, $2, * from unnest($3::integer[], $4::uuid[], $5::bytea[], $6::numeric[], $7::numeric[])`,
        [
          this.#snapshot,
          this.#tree,
          leaves.map(({ position }) => position),
          leaves.map(({ userId }) => userId),
          leaves.map(({ nonce }) => nonce),
          leaves.map(({ available }) => available),
          leaves.map(({ held }) => held),
        ],
      )
    }
    if (nodes.length > 0) {
      await this.#client.query(
        `insert into fairlock.liability_nodes (snapshot, tree, level, chunk, nodes)
         select $1, $2, * from unnest($3::smallint[], $4::integer[], $5::bytea[])`,
        [
          this.#snapshot,
          this.#tree,
          nodes.map(({ level }) => level),
          nodes.map(({ chunk }) => chunk),
          nodes.map(({ nodes: bytes }) => bytes),
        ],
      )
    }
  }
}
