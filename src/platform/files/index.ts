export { type FileRow, Files, type ShownFile, shownFile } from './files.ts'
export { fileRoutes } from './routes.ts'
export { FileInfo } from './schemas.ts'
export { Uploads } from './uploads.ts'
