export { readShapes } from './catalog.ts'
export {
  type ContractOptions,
  type ContractPlan,
  type ContractResult,
  contract,
} from './contract/contract.ts'
export { type AdoptionDownOptions, adoptionDown } from './down.ts'
export { Follower } from './follow.ts'
export { grantToEngine, install, installState } from './install.ts'
export { type Mapping, MappingError, parseMapping, requireMapping } from './mapping.ts'
export { type AdoptionStep, adoptionPlan } from './plan.ts'
export { countQuarantine, listQuarantine, type Quarantined, type QuarantineFilter } from './quarantine.ts'
export { retryQuarantine } from './retry.ts'
export { readState, type State } from './state.ts'
export { OLD_TABLES, type OldTable, type Shape } from './tables.ts'
export { type AdoptionEvent, type AdoptionResult, type AdoptionUpOptions, adoptionUp } from './up.ts'
export { viewsSql } from './views.ts'
