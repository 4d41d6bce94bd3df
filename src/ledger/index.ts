export { rollUp } from './jobs.ts'
