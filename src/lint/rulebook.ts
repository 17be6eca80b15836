import { judge } from './lint.ts'
import { loadParser } from './parse.ts'
import { parseFile } from './parse-file.ts'
import { unchecked } from './rules/unchecked.ts'
import { rules } from './rules.ts'
import { knownFrom, namesIn } from './server-objects.ts'

/** All that judging files takes: loaded at once, and late. */
export const rulebook = { judge, loadParser, parseFile, rules, unchecked, knownFrom, namesIn }
