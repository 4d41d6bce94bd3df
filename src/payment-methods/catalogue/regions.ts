/**
 * Countries whose accounts SEPA reaches (European Payments Council, EPC409-09): the European Economic Area, and those
 * that have joined. Overseas parts of France and the Crown dependencies have IBANs of FR and GB.
 */
export const SEPA = (
  'AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS SE ' +
  'SI SK SM VA'
).split(' ')

/** Countries of the European Economic Area. */
export const EEA =
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK'.split(' ')
