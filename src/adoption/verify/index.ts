export { keepReport } from './keep.ts'
export { type AdoptionReport, type Finding, fileOf, type SignedReport, signReport } from './report.ts'
export { NotVerifiable, type VerifyOptions, verifyAdoption } from './run.ts'
export { sentence, textOf } from './text.ts'
