// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose's references, not ours
import { expect, test } from 'vitest'
import { interpolate } from '../../../src/config/interpolate.ts'
import { exitCodes } from '../../../src/errors.ts'

const variables = new Map([
  ['X', 'x'],
  ['RAW', '$X'],
  ['EMPTY', ''],
])
const read = (text: string) => interpolate(text, (name) => variables.get(name))

test.each([
  ['text without a reference', 'a {b} c', 'a {b} c'],
  ['a name and a name in braces', '$X-${X}', 'x-x'],
  ['a name ends where its characters end', '$X.y $Xy.', 'x.y .'],
  ['an escaped dollar sign', '$${X} $$X $$$X', '${X} $X $x'],
  ['a default of our config', '${NOPE:-po-postgres-data}', 'po-postgres-data'],
  ['a value is not read again', '$RAW ${NOPE:-$RAW}', '$X $X'],
  ['the colon asks for a value that is not empty', '${EMPTY:-a}${EMPTY-b}${EMPTY:+c}${EMPTY+d}', 'ad'],
  ['three levels', '${A:-${B:-${C:-$X}}}', 'x'],
  ['several lines', '${X}\n${NOPE:-y}\n}', 'x\ny\n}'],
])('%s', (_, text, expected) => {
  expect(read(text)).toBe(expected)
})

test.each([
  ['${', 'a reference in braces is misspelt or not closed on its line'],
  ['${X', 'a reference in braces is misspelt or not closed on its line'],
  ['${X:-', 'a reference in braces is misspelt or not closed on its line'],
  ['${NOPE?}', 'required variable NOPE is missing a value'],
  ['${EMPTY:?say $X}', 'required variable EMPTY is missing a value: say x'],
])('%s is a usage error', (text, message) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ exitCode: exitCodes.usage }))
  expect(() => read(text)).toThrow(message)
})
