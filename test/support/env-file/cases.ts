// biome-ignore-all lint/suspicious/noTemplateCurlyInString: compose's references, not ours
import type { EnvAnswer, EnvQuestion } from './compose-env.ts'

/** `newer`: of compose 2.35 and later, where that answers something else. */
type EnvFileCase = { title: string; question: EnvQuestion; answer: EnvAnswer; newer?: EnvAnswer }

type Expected = Record<string, string> | 'error'

const hostEnv = { PRESET: 'hostval', EMPTY: '', RAW: '$PRESET' }

const answerOf = (expected: Expected): EnvAnswer =>
  expected === 'error' ? { error: '' } : { variables: expected }

type Row = [title: string, files: string | string[], expected: Expected, newer?: Expected]

const makeCase = ([title, files, expected, newer]: Row): EnvFileCase => ({
  title,
  question: { files: [files].flat(), hostEnv },
  answer: answerOf(expected),
  ...(newer && { newer: answerOf(newer) }),
})

const table: Row[] = [
  ['a # without a space before it belongs to the value', 'K=abc#def', { K: 'abc#def' }],
  ['a space and # start a comment', 'K=abc #def', { K: 'abc' }],
  ['a tab and # do not', 'K=abc\t#def', { K: 'abc\t#def' }],
  ['a # at the start of a value belongs to it', 'K= #def', { K: '#def' }],
  ['comment lines and blank lines are skipped', '# a\n\n  # K="\nK=1\n', { K: '1' }],
  ['$$ is a dollar sign', 'K=p$$word', { K: 'p$word' }],
  ['single quotes keep references', "K='p$PRESET'", { K: 'p$PRESET' }],
  ['an unquoted backslash escapes nothing', 'K=p\\$PRESET', { K: 'p\\hostval' }],
  ['a backslash escapes a dollar sign in double quotes', 'K="p\\$X"', { K: 'p$X' }],
  ['an escaped backslash does not', 'K="p\\\\$PRESET"', { K: 'p\\hostval' }],
  ['the shell wins inside a reference', 'PRESET=file\nK=${PRESET}', { PRESET: 'file', K: 'hostval' }],
  ['a required variable that is missing is an error', 'K=${NOPE:?msg}', 'error'],
  ['a command is text', 'K=$(echo hi)', { K: '$(echo hi)' }],
  ['an escaped double quote', 'K="a\\"b"', { K: 'a"b' }],
  ['an escaped single quote', "K='a\\'b'", { K: "a'b" }],
  ['a tab and a backslash in double quotes', 'K="a\\tb\\\\c"', { K: 'a\tb\\c' }],
  ['all escapes of double quotes', 'K="\\a\\b\\f\\n\\r\\t\\v"', { K: '\x07\b\f\n\r\t\v' }],
  ['an unknown escape stays', 'K="\\q\\x41\\\'"', { K: "\\q\\x41\\'" }],
  ['octal with a zero and three digits', 'K="\\0101\\0374\\01234"', { K: 'AüS4' }],
  ['octal too short or too big loses its zero', 'K="\\012 \\0400 \\0"', { K: '\\12 \\400 \\' }],
  ['an octal dollar sign starts a reference', 'K="\\0044PRESET"', { K: 'hostval' }],
  ['single quotes keep every other backslash', "K='a\\n\\\\'", { K: 'a\\n\\\\' }],
  ['backticks are kept', 'K=`a b`', { K: '`a b`' }],
  ['quotes inside an unquoted value are kept', 'K=a "b" \'c', { K: 'a "b" \'c' }],
  ['what follows a closing quote is the next key', 'K="a"b=c', { K: 'a', b: 'c' }],
  ['a word after a closing quote is a key to inherit', 'K="a"b\nL=1', { K: 'a', L: '1' }],
  ['at the end of the file it is the value of an empty key', 'K="a"b', { K: 'a', '': 'b' }],
  ['a second quoted part is an error', 'K="a""b"', 'error'],
  ['a comment may follow a closing quote', 'K="a"#c\nL=\'b\' # c', { K: 'a', L: 'b' }],
  ['a colon separates', 'K: abc', { K: 'abc' }],
  ['spaces around the separator', 'K = abc', { K: 'abc' }],
  ['export in front', 'export K=1\nexport\tL=2\nexport=3', { K: '1', L: '2', export: '3' }],
  ['export and nothing behind it is an error', 'export ', 'error'],
  ['export alone on its line', 'export\nK=1', { K: '1' }],
  ['a byte order mark', '\ufeffK=1', { K: '1' }],
  ['a second byte order mark is an error', '\ufeff\ufeffK=1', 'error'],
  ['CRLF', 'K=1\r\nL="2"\r\n\r\n# c\r\nM=\r\n', { K: '1', L: '2', M: '' }],
  ['CRLF inside quotes stays', 'K="1\r\n2"\r\n', { K: '1\r\n2' }],
  ['a lone carriage return ends no line', 'K=a\rL=b', { K: 'a\rL=b' }],
  ['double quotes span lines', 'K="a\n# b\n$PRESET"\nL=1', { K: 'a\n# b\nhostval', L: '1' }],
  ['single quotes span lines', "K='a\n\nb'\nL=1", { K: 'a\n\nb', L: '1' }],
  ['a backslash at the end of a line continues nothing', 'K=a\\\nL=b', { K: 'a\\', L: 'b' }],
  ['an open double quote is an error', 'K="abc', 'error'],
  ['an open single quote is an error', "K='abc\nL=1\n", 'error'],
  ['an escaped quote closes nothing', 'K="a\\"', 'error'],
  ['an empty value', 'K=\nL=""\nM=\'\'', { K: '', L: '', M: '' }],
  ['white space around a value goes', 'K=\t a b \u00a0\u2003\t', { K: 'a b' }],
  ['wide white space before a value stays', 'K=\u2003a', { K: '\u2003a' }],
  ['quotes keep white space', 'K=" a "\nL=\' b \'', { K: ' a ', L: ' b ' }],
  ['the last of two assignments wins', 'K=1\nK=2', { K: '2' }],
  ['an equals sign belongs to the value', 'K=a=b\nL==', { K: 'a=b', L: '=' }],
  ['a key alone is inherited', 'PRESET\nEMPTY\nK=1', { PRESET: 'hostval', EMPTY: '', K: '1' }],
  ['an inherited value is not interpolated', 'RAW\nK=$RAW\n', { RAW: '$PRESET', K: '$PRESET' }],
  ['a key alone that nobody sets is left out', 'NOPE\n', {}],
  ['and does not unset what the file set', 'K=1\nK\n', { K: '1' }],
  ['a word that ends the file without a line break', 'K=1\nPRESET', { K: '1', '': 'PRESET' }],
  ['a space inside a key is an error', 'A B=1', 'error'],
  ['a space inside an inherited key is an error', 'A B\nK=1', 'error'],
  ['a tab inside a key is kept', 'A\tB=1', { 'A\tB': '1' }],
  [
    'odd keys',
    'a.b=1\n-c=2\nd[0]=3\nÜ中=4\n9=5\n=6',
    { 'a.b': '1', '-c': '2', 'd[0]': '3', Ü中: '4', 9: '5', '': '6' },
  ],
  ['another character in a key is an error', 'A/B=1', 'error'],
  ['a comment behind an inherited key is an error', 'PRESET # c\n', 'error'],
  ['a quoted key is an error', '"K"=1', 'error'],
  ['an empty file', '', {}],
  ['a later file sees an earlier one', ['A=1', 'B=$A\nC=$A'], { A: '1', B: '1', C: '1' }],
  [
    'and still does when it sets the same; since 2.35 it sees itself',
    ['A=1', 'B=$A\nA=2\nC=$A'],
    { A: '2', B: '1', C: '1' },
    { A: '2', B: '1', C: '2' },
  ],
  [
    'an earlier file wins over the shell, since 2.35 the shell over it',
    ['PRESET=1\n', 'K=$PRESET\n'],
    { PRESET: '1', K: '1' },
    { PRESET: '1', K: 'hostval' },
  ],
  [
    'a key alone takes the earlier file, since 2.35 what was set last',
    ['A=1', 'A=2\nA\n'],
    { A: '1' },
    { A: '2' },
  ],
  [
    'a key alone takes the shell since 2.35, also where an earlier file sets it',
    ['PRESET=1', 'PRESET\n'],
    { PRESET: '1' },
    { PRESET: 'hostval' },
  ],
  ['a reference to a variable that is not set', 'K=[$NOPE${NOPE}]', { K: '[]' }],
  ['a default', 'K=${NOPE:-d}${EMPTY:-e}${EMPTY-f}${NOPE-g}${PRESET:-h}', { K: 'deghostval' }],
  ['an alternative', 'K=${NOPE:+d}${EMPTY:+e}${EMPTY+f}${PRESET+g}', { K: 'fg' }],
  ['a required variable', 'K=${PRESET:?m}${PRESET?m}${EMPTY?m}', { K: 'hostvalhostval' }],
  ['a required variable that is empty is an error', 'K=${EMPTY:?m}', 'error'],
  ['nested references', 'K=${NOPE:-a${NOPE:-$PRESET}b}', { K: 'ahostvalb' }],
  ['a nested error counts even when not needed', 'K=${PRESET:-${NOPE:?}}', 'error'],
  ['the default keeps other operators', 'K=${NOPE-a:-b}${NOPE:-?}', { K: 'a:-b?' }],
  ['braces in a default', 'K=${NOPE:-{"a":{}}}', { K: '{"a":{}}' }],
  ['an open brace in a default takes the rest of the line', 'K=${NOPE:-{}a}b}', { K: '{}a}b' }],
  ['a dollar sign before anything else stays', 'K=a$ $1 $é $', { K: 'a$ $1 $é $' }],
  ['an open reference is an error', 'K=${PRESET', 'error'],
  ['a default that spans lines is an error', 'K="${NOPE:-a\nb}"', 'error'],
  ['an operator that compose lacks is an error', 'K=${NOPE:=a}', 'error'],
  ['a reference with a wrong name is an error', 'K=${a.b}', 'error'],
]

const special = ['@', ':', '/', '?', '#', '%', '$', '&', '=', '+', ' ', "'", '"', '\\', 'ü', '€']

/** Three ways to write the same password. */
const passwordCases = [...special, special.join(''), special.toReversed().join('')].flatMap((part) => {
  const password = `a${part}b`
  const single = password.replaceAll("'", "\\'")
  const double = password.replace(/["\\$]/g, '\\$&')
  const bare = password.replaceAll('$', '$$$$')
  return [
    makeCase([`the password ${password} in single quotes`, `K='${single}'\n`, { K: password }]),
    makeCase([`the password ${password} in double quotes`, `K="${double}"\n`, { K: password }]),
    makeCase([`the password ${password} without quotes`, `K=${bare}\n`, { K: password }]),
  ]
})

/** Written by hand: what a container gets from these files; the integration test asks compose the same. */
export const envFileCases: readonly EnvFileCase[] = [...table.map(makeCase), ...passwordCases]
