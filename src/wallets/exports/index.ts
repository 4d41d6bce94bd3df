export { EXPORT_LIMITS, Exports } from './exports.ts'
export { type ExportOptions, exportPieces, FORMATS, type Format } from './read.ts'
export { type ExportRoutesOptions, exportRoutes } from './routes.ts'
