import type { Sharp, SharpOptions } from 'sharp'
import { problemFromRefusal } from '../problem.ts'
import type { Parts } from './parts.ts'

export type Picture = { readonly width: number; readonly height: number; readonly thumbnail: Buffer }

/** More than any camera makes; a picture of this size takes some hundred megabytes at worst while it is decoded. */
const MOST_PIXELS = 50_000_000
const THUMBNAIL_PIXELS = 320
const SECONDS = 10

// Pictures are decoded one at a time, by one thread, and nothing of them is kept.
let last: Promise<unknown> = Promise.resolve()

/**
 * Decodes the whole picture and makes its thumbnail, upright and without anything that the camera noted. Throws
 * `Problem` file_unreadable; file_type_not_allowed for HEIC where the library cannot decode it.
 */
export function readPicture(parts: Parts, mediaType: string): Promise<Picture> {
  const turn = last.then(() => decode(Buffer.concat(parts.all), mediaType))
  // The next one waits for its end, however it ends; what went wrong is for who asked.
  last = Promise.allSettled([turn])
  return turn
}

/** The library is loaded with the first picture. */
async function imageOf(original: Buffer, options: SharpOptions): Promise<Sharp> {
  const { default: sharp } = await import('sharp')
  sharp.cache(false)
  sharp.concurrency(1)
  return sharp(original, options)
}

async function decode(original: Buffer, mediaType: string): Promise<Picture> {
  if (!endsWithPicture(original, mediaType)) throw problemFromRefusal('file_unreadable', {})
  try {
    const image = await imageOf(original, {
      limitInputPixels: MOST_PIXELS,
      failOn: 'error',
      autoOrient: true,
    })
    const { autoOrient } = await image.metadata()
    const thumbnail = await image
      .resize(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, { fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 75 })
      .timeout({ seconds: SECONDS })
      .toBuffer()
    return { width: autoOrient.width, height: autoOrient.height, thumbnail }
  } catch (error) {
    // Whatever the library says of a picture somebody sent, it is the picture's fault.
    if (!(error instanceof Error)) throw error
    throw problemFromRefusal(mediaType === 'image/heic' ? 'file_type_not_allowed' : 'file_unreadable', {})
  }
}

/**
 * Whether the file ends where its picture does. Only of formats that say so: cameras put films and second pictures
 * behind a JPEG.
 */
function endsWithPicture(file: Buffer, mediaType: string): boolean {
  if (mediaType === 'image/webp')
    return file.length >= 12 && evenly(file.readUInt32LE(4)) + 8 === evenly(file.length)
  if (mediaType !== 'image/png') return true
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 12 + file.readUInt32BE(at)
    if (file.toString('latin1', at + 4, at + 8) === 'IEND') return end === file.length
    at = end
  }
  return false
}

const evenly = (bytes: number) => bytes + (bytes % 2)
