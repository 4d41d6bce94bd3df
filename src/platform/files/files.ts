import { createHash } from 'node:crypto'
import { type Call, type Caller, COMMAND, type Database, type Idempotency, idempotency } from '../database.ts'
import { newId } from '../ids.ts'
import { Problem } from '../problem.ts'
import { type Place, type Sealer, Unsealable } from '../sealing/index.ts'
import { inspect } from './inspect.ts'
import { cleanName } from './names.ts'
import { PART_BYTES, placeOfPart } from './parts.ts'
import type { Received } from './receive.ts'

/** A file as fairlock.file_json gives it: with its name sealed, for the inside only. */
export type FileRow = {
  id: string
  ownerId: string
  about: string | null
  purpose: string
  mediaType: string
  bytes: number
  sha256: string
  width: number | null
  height: number | null
  thumbnailBytes: number | null
  createdAt: string
}

/** A file as the API shows it. */
export type ShownFile = Omit<FileRow, 'ownerId' | 'about' | 'thumbnailBytes'> & {
  /** Empty once the person whose file it was has been erased. */
  name: string | null
  hasThumbnail: boolean
}

/** What is sealed about a file beside its parts, so that nobody who can write to the table can say otherwise. */
type About = { name: string; mediaType: string; bytes: number; sha256: string }
type SealedPart = { isThumbnail: boolean; number: number; place: Place; content: string }

const ADD_PART = 'select fairlock.add_file_part($1, $2, $3, $4) as answer'

/** Keeps files, sealed in parts, and gives them back as they came or not at all. */
export class Files {
  readonly #db: Database
  readonly #sealer: Sealer

  constructor(db: Database, sealer: Sealer) {
    this.#db = db
    this.#sealer = sealer
  }

  /** Whose an upload is, and how large it may be. Throws `Problem` not_signed_in, scope_missing, too_many_files. */
  mayUpload(caller: Caller): Promise<{ ownerId: string; mostBytes: number }> {
    return this.#db.call(caller, 'select fairlock.begin_upload() as answer', [])
  }

  /**
   * Looks at what arrived, seals it and keeps it, in one transaction. Empties `parts`. Throws `Problem`
   * file_type_not_allowed, file_unreadable, too_many_files.
   */
  async keep(caller: Caller, owner: string, received: Received, key: string | undefined): Promise<ShownFile> {
    const { parts, purpose } = received
    const { mediaType, picture } = await inspect(parts)
    const hash = createHash('sha256')
    for (const part of parts.all) hash.update(part)
    const about: About = {
      name: cleanName(received.name, mediaType),
      mediaType,
      bytes: parts.bytes,
      sha256: hash.digest('hex'),
    }
    const once = idempotency(key, 'add_file', { purpose, ...about })
    const id = newId()
    const sealed: SealedPart[] = []
    for (const [number, part] of parts.all.splice(0).entries())
      sealed.push(await this.#sealPart(owner, { file: id, isThumbnail: false, number }, part))
    if (picture !== null)
      sealed.push(await this.#sealPart(owner, { file: id, isThumbnail: true, number: 0 }, picture.thumbnail))
    const { width = null, height = null } = picture ?? {}
    const thumbnailBytes = picture?.thumbnail.length ?? null
    const row = { ...about, id, purpose, width, height, thumbnailBytes }
    const write = () => this.#write(caller, owner, row, sealed, once)
    const kept = await write().catch(async (error) => {
      if (!(error instanceof Problem && error.code === 'data_key_retired')) throw error
      // The keys are being renewed: once more with the next one.
      await this.#sealAnew(owner, sealed)
      return write()
    })
    return shownFile(this.#sealer, kept)
  }

  /** Decides, and writes down, that the caller looks at a file. Throws `Problem` not_found, file_gone. */
  open(caller: Caller, id: string, isThumbnail: boolean): Promise<FileRow> {
    return this.#db.call(caller, 'select fairlock.open_file($1, $2) as answer', [id, isThumbnail])
  }

  /**
   * The content of an opened file, part by part, once all of it has been found to be what was uploaded: it is read
   * twice, so that nothing of a changed file leaves, and no more than one part is in memory. Throws `Problem`
   * file_damaged, which is also in the log.
   */
  async read(caller: Caller, file: FileRow, isThumbnail: boolean): Promise<AsyncGenerator<Buffer>> {
    try {
      const about = await this.#about(file)
      const hash = createHash('sha256')
      for await (const part of this.#parts(caller, file, isThumbnail)) hash.update(part)
      const sha256 = hash.digest('hex')
      if (!isThumbnail && sha256 !== about.sha256) throw new Unsealable()
    } catch (error) {
      if (!(error instanceof Unsealable)) throw error
      await this.#db.call(caller, 'select fairlock.report_damage($1) as answer', [file.id])
      throw new Problem('file_damaged')
    }
    return this.#parts(caller, file, isThumbnail)
  }

  /** Throws `Unsealable` where what is sealed about the file is not what its row says. */
  async #about(file: FileRow): Promise<About> {
    const about = await openAbout(this.#sealer, file)
    const isSame =
      about !== null &&
      about.sha256 === file.sha256 &&
      about.bytes === file.bytes &&
      about.mediaType === file.mediaType
    if (!isSame) throw new Unsealable()
    return about
  }

  async *#parts(caller: Caller, file: FileRow, isThumbnail: boolean): AsyncGenerator<Buffer> {
    const bytes = isThumbnail ? (file.thumbnailBytes ?? 0) : file.bytes
    for (let number = 0; number * PART_BYTES < bytes; number++) {
      const { content } = await this.#db.call<{ content: string | null }>(
        caller,
        'select fairlock.file_part($1, $2, $3) as answer',
        [file.id, isThumbnail, number],
      )
      if (content === null) throw new Unsealable()
      const place = placeOfPart({ file: file.id, isThumbnail, number })
      const part = await this.#sealer.open(file.ownerId, place, content)
      if (part.length !== Math.min(PART_BYTES, bytes - number * PART_BYTES)) throw new Unsealable()
      yield part
    }
  }

  async #sealPart(owner: string, name: Parameters<typeof placeOfPart>[0], part: Buffer): Promise<SealedPart> {
    const place = placeOfPart(name)
    const content = await this.#sealer.seal(owner, place, part)
    part.fill(0)
    return { isThumbnail: name.isThumbnail, number: name.number, place, content }
  }

  async #sealAnew(owner: string, sealed: SealedPart[]): Promise<void> {
    for (const part of sealed) {
      const plaintext = await this.#sealer.open(owner, part.place, part.content)
      part.content = await this.#sealer.seal(owner, part.place, plaintext)
      plaintext.fill(0)
    }
  }

  /** A repeat with the same idempotency key gets the first answer, and nothing is written. */
  async #write(
    caller: Caller,
    owner: string,
    row: About & { id: string; [other: string]: string | number | null },
    sealed: SealedPart[],
    once: Idempotency | null,
  ): Promise<FileRow> {
    const { name, mediaType, bytes, sha256 } = row
    const plain = Buffer.from(JSON.stringify({ name, mediaType, bytes, sha256 } satisfies About))
    const about = await this.#sealer.seal(owner, placeOfAbout(row.id), plain)
    const { name: _, ...rest } = row
    const args = JSON.stringify({ ...rest, about })
    return this.#db.steps(caller, async (call: Call) => {
      const command = ['add_file', args, once?.key ?? null, once?.fingerprint ?? null]
      const file = await call<FileRow>(COMMAND, command)
      if (file.id !== row.id) return file
      for (const { isThumbnail, number, content } of sealed)
        await call(ADD_PART, [row.id, isThumbnail, number, content])
      return file
    })
  }
}

/** What the API shows of a file: with its name opened, without what is for the inside. Throws `KeyringError`. */
export async function shownFile(sealer: Sealer, file: FileRow): Promise<ShownFile> {
  const { ownerId: _, about: __, thumbnailBytes, ...shown } = file
  const about = await openAbout(sealer, file).catch((error) => {
    // Erased at this moment, or damaged, which whoever opens the file is told.
    if (error instanceof Unsealable) return null
    throw error
  })
  return { ...shown, name: about?.name ?? null, hasThumbnail: thumbnailBytes !== null }
}

async function openAbout(sealer: Sealer, { id, ownerId, about }: FileRow): Promise<About | null> {
  if (about === null) return null
  const opened = await sealer.open(ownerId, placeOfAbout(id), about)
  return JSON.parse(opened.toString())
}

function placeOfAbout(file: string): Place {
  return { table: 'fairlock.files', column: 'about', row: file }
}
