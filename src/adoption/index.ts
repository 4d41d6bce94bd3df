export { readShapes } from './catalog.ts'
export { type Mapping, MappingError, parseMapping, requireMapping } from './mapping.ts'
export { OLD_TABLES, type OldTable, type Shape } from './tables.ts'
export { viewsSql } from './views.ts'
