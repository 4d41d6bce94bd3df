const MASK = (1n << 64n) - 1n
/** Bytes that go in per round with 256 bits of output. */
const RATE = 136
const ROUNDS = 24
const ROTATIONS = [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44]
const LANES = [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1]

/**
 * Keccak-256 as Ethereum uses it: SHA3-256 before its padding was changed, which is why node:crypto has no such hash. It
 * secures nothing here; it tells addresses with a typo from others. `padding` 6 makes it SHA3-256, for its test.
 */
export function keccak256(message: Buffer, padding = 1): Buffer {
  const padded = Buffer.alloc(Math.ceil((message.length + 1) / RATE) * RATE)
  message.copy(padded)
  padded[message.length]! ^= padding
  padded[padded.length - 1]! ^= 0x80
  const state = new Array<bigint>(25).fill(0n)
  for (let at = 0; at < padded.length; at += RATE) {
    for (let lane = 0; lane < RATE / 8; lane++) state[lane]! ^= padded.readBigUInt64LE(at + lane * 8)
    permute(state)
  }
  const hash = Buffer.alloc(32)
  for (let lane = 0; lane < 4; lane++) hash.writeBigUInt64LE(state[lane]!, lane * 8)
  return hash
}

/** Keccak-f[1600]: FIPS 202, section 3. */
function permute(state: bigint[]): void {
  let feedback = 1
  for (let round = 0; round < ROUNDS; round++) {
    const columns = [0, 1, 2, 3, 4].map((x) => [0, 5, 10, 15, 20].reduce((sum, y) => sum ^ state[x + y]!, 0n))
    for (let i = 0; i < 25; i++) state[i]! ^= columns[(i + 4) % 5]! ^ rotated(columns[(i + 1) % 5]!, 1)
    let moved = state[1]!
    LANES.forEach((lane, i) => {
      const next = state[lane]!
      state[lane] = rotated(moved, ROTATIONS[i]!)
      moved = next
    })
    for (let row = 0; row < 25; row += 5) {
      const lanes = state.slice(row, row + 5)
      for (let x = 0; x < 5; x++)
        state[row + x] = lanes[x]! ^ (~lanes[(x + 1) % 5]! & MASK & lanes[(x + 2) % 5]!)
    }
    for (let bit = 0; bit < 7; bit++) {
      if (feedback & 1) state[0]! ^= 1n << BigInt((1 << bit) - 1)
      feedback = (feedback << 1) ^ (feedback & 0x80 ? 0x171 : 0)
    }
  }
}

function rotated(lane: bigint, by: number): bigint {
  return ((lane << BigInt(by)) | (lane >> BigInt(64 - by))) & MASK
}
