import type { RuleText } from './rule.ts'
import { storeRules } from './rules/store.ts'
import { structuralRules } from './rules/structural.ts'
import { unusedIgnore } from './rules/unused-ignore.ts'
import { rules } from './rules.ts'

/** Everything that lint knows, by id: what `--explain` explains and a directive may name. */
export const catalogue: ReadonlyMap<string, RuleText> = new Map(
  [...structuralRules, ...storeRules, ...rules, unusedIgnore].map((rule) => [rule.id, rule]),
)
