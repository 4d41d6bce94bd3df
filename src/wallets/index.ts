export { type Columns, csvHeader, csvLines } from './exports/csv.ts'
export { type ExportOptions, Exports, exportPieces, FORMATS, type Format } from './exports/index.ts'
export { walletRoutes } from './routes.ts'
