export { type FailureKind, Outside, type OutsideOptions, type Reply, SendFailure } from './outside.ts'
export { type Lookup, TargetRefused } from './target.ts'
