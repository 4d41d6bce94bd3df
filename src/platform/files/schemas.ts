import { Type } from 'typebox'
import { Id, Nullable, strict, Time } from '../api.ts'
import { PURPOSES } from './receive.ts'

/** A file as every answer shows it. */
export const FileInfo = Type.Object(
  {
    id: Id,
    name: Nullable(Type.String({ description: 'Empty once the person whose file it was has been erased' })),
    purpose: Type.String({ examples: ['evidence'] }),
    mediaType: Type.String({ description: 'By its content', examples: ['image/png'] }),
    bytes: Type.Integer(),
    sha256: Type.String({ description: 'SHA-256 of the original in hexadecimal, computed when it arrived' }),
    width: Nullable(Type.Integer({ description: 'Pictures, upright, in pixels' })),
    height: Nullable(Type.Integer()),
    hasThumbnail: Type.Boolean(),
    createdAt: Time,
  },
  { description: 'A file; GET /v1/files/{id} gives its content' },
)

/** The form of an upload. */
export const UploadForm = strict({
  purpose: Type.Union(
    PURPOSES.map((one) => Type.Literal(one)),
    { description: 'What the file will be used for: it can be used for nothing else' },
  ),
  file: Type.String({
    format: 'binary',
    description: 'PNG, JPEG, WebP, PDF or plain text in UTF-8, by its content',
  }),
})

const Binary = Type.String({ format: 'binary' })

/** An answer that is a file, and a problem for every 4xx. */
export function fileAnswers(mediaTypes: string[]) {
  const content = Object.fromEntries(mediaTypes.map((type) => [type, { schema: Binary }]))
  return { 200: { description: 'The content', content }, '4xx': Type.Ref('Problem') }
}
