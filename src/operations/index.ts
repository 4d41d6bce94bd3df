export { type Erasure, type ErasureRow, erasePerson } from './erase.ts'
