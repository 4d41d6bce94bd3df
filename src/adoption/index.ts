export { readShapes } from './catalog.ts'
export {
  type ContractOptions,
  type ContractPlan,
  type ContractResult,
  contract,
} from './contract/contract.ts'
export { type Expansion, expand, removeExpansion, removeViews } from './expand.ts'
export { grantToEngine, install, installState, keepInstalled } from './install.ts'
export { type Mapping, MappingError, parseMapping, requireMapping, type WalletGroup } from './mapping.ts'
export { requireAdopted, requireServable } from './ready.ts'
export type { Care } from './recognise/care.ts'
export { hasOldTables, type Recognition, recognise } from './recognise/recognise.ts'
export { type InForce, mayReplace, readInForce, recordMapping } from './record.ts'
export { type AdoptionDownOptions, adoptionDown } from './run/down.ts'
export { Follower } from './run/follow.ts'
export { type AdoptionStep, adoptionPlan } from './run/plan.ts'
export { countQuarantine, listQuarantine, type Quarantined, type QuarantineFilter } from './run/quarantine.ts'
export { retryQuarantine } from './run/retry.ts'
export { type AdoptionEvent, type AdoptionResult, type AdoptionUpOptions, adoptionUp } from './run/up.ts'
export { scrubSecrets } from './secrets/scrub.ts'
export { type SealWalk, sealSecrets } from './secrets/seal.ts'
export { readState, type State } from './state.ts'
export { OLD_TABLES, type OldTable, type Shape } from './tables.ts'
export {
  type AdoptionReport,
  type Finding,
  fileOf,
  keepReport,
  NotVerifiable,
  type SignedReport,
  sentence,
  signReport,
  textOf,
  type VerifyOptions,
  verifyAdoption,
} from './verify/index.ts'
export { viewsSql } from './views.ts'
export {
  type AdoptionFigures,
  adoptionFigures,
  type Bloat,
  readAdoption,
  type TableFigures,
} from './watch/figures.ts'
export { adoptionGauges } from './watch/gauges.ts'
