import type { Rule } from './rule.ts'
import { errorRules } from './rules/errors.ts'
import { unchecked } from './rules/unchecked.ts'
import { warningRules } from './rules/warnings.ts'

/** Every rule that reads parsed SQL. */
export const rules: readonly Rule[] = [...errorRules, unchecked, ...warningRules]
