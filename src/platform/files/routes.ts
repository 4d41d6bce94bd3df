import { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type App, answers, IdempotencyHeaders, IdParams } from '../api.ts'
import type { Database } from '../database.ts'
import { Problem } from '../problem.ts'
import type { Sealer } from '../sealing/index.ts'
import { Files, shownFile } from './files.ts'
import { attachment } from './names.ts'
import { receive } from './receive.ts'
import { FileInfo, fileAnswers, UploadForm } from './schemas.ts'
import type { Uploads } from './uploads.ts'

const MEDIA_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'application/pdf', 'text/plain']

export type FileRoutesOptions = { db: Database; sealer: Sealer; uploads: Uploads }

/** Uploading files, and looking at them: what they are used for is decided by those who use them. */
export async function fileRoutes(app: App, { db, sealer, uploads }: FileRoutesOptions): Promise<void> {
  const files = new Files(db, sealer)
  // Forms are read here alone, and nothing else is.
  app.removeAllContentTypeParsers()
  await app.register(multipart, { throwFileSizeLimit: false })

  app.post(
    '/v1/files',
    {
      config: { scope: 'trade', form: UploadForm },
      // The reader of forms traces the headers, with the token among them.
      ...(app.log.level === 'trace' ? { logLevel: 'debug' as const } : {}),
      schema: {
        tags: ['Files'],
        summary: 'Upload a file; until it is used, only you see it, and after a day it goes',
        headers: IdempotencyHeaders,
        response: answers(201, FileInfo),
      },
    },
    async (request, reply) => {
      try {
        const file = await upload(files, uploads, request)
        return reply.code(201).send(file)
      } catch (error) {
        if (error instanceof Problem) uploads.countRefusal(error.code)
        // What comes too slowly would go on coming.
        if (error instanceof Problem && error.code === 'request_timeout') reply.header('connection', 'close')
        throw error
      }
    },
  )

  app.get(
    '/v1/files/:id',
    {
      schema: {
        tags: ['Files'],
        summary: 'The content of a file, byte for byte as it was uploaded; the look is written down',
        params: IdParams,
        response: fileAnswers(MEDIA_TYPES),
      },
    },
    async (request, reply) => {
      const { caller, params } = request
      const file = await files.open(caller, params.id, false)
      const content = await files.read(caller, file, false)
      const { name } = await shownFile(sealer, file)
      reply.header('content-length', file.bytes).header('etag', `"${file.sha256}"`)
      return answerFile(reply, file.mediaType, name ?? 'file', content)
    },
  )

  app.get(
    '/v1/files/:id/thumbnail',
    {
      schema: {
        tags: ['Files'],
        summary: 'A small picture of a picture, at most 320 pixels wide and high; the look is written down',
        params: IdParams,
        response: fileAnswers(['image/webp']),
      },
    },
    async (request, reply) => {
      const { caller, params } = request
      const file = await files.open(caller, params.id, true)
      const content = await files.read(caller, file, true)
      reply.header('content-length', file.thumbnailBytes).header('etag', `"${file.sha256}-thumbnail"`)
      return answerFile(reply, 'image/webp', 'thumbnail.webp', content)
    },
  )
}

async function upload(files: Files, uploads: Uploads, request: FastifyRequest) {
  const { caller, headers } = request
  const key = headers['idempotency-key']
  const { ownerId, mostBytes } = await files.mayUpload(caller)
  if (!request.isMultipart()) throw new Problem('unsupported_media_type')
  // A compressed body is not unpacked: a few bytes could become any number.
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new Problem('unsupported_media_type')
  return uploads.admit(ownerId, async () => {
    const received = await receive(request, mostBytes, uploads.slowest)
    return files.keep(caller, ownerId, received, Array.isArray(key) ? key[0] : key)
  })
}

/** A file somebody sent: to be saved, not to be shown, and if it is shown, able to do nothing. */
function answerFile(
  reply: FastifyReply,
  mediaType: string,
  name: string,
  content: AsyncGenerator<Buffer>,
): FastifyReply {
  return reply
    .header('content-type', mediaType === 'text/plain' ? 'text/plain; charset=utf-8' : mediaType)
    .header('content-disposition', attachment(name))
    .header('content-security-policy', "sandbox; default-src 'none'")
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'no-store')
    .send(Readable.from(content, { objectMode: false, highWaterMark: 1 }))
}
