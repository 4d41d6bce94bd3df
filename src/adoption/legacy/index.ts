export { DIRT, type Dirt, type OldTable } from './dirt.ts'
export { dirtOf, type Injected } from './inject.ts'
export { type Legacy, type LegacyOptions, makeLegacy, NotEmpty } from './legacy.ts'
export type { Variant } from './shape.ts'
