import { diffLines } from '../model/diff-lines.ts'
import type { Paint } from '../report/paint.ts'
import type { Change } from './plan/changes.ts'

/** Of an env file the keys only. */
const hide = (text: string): string => text.replaceAll(/^([^=\n#]+)=.*$/gm, '$1=…')

const context = 3

/** Lines around what changes; the rest of a file that is only added to says nothing. */
const around = (lines: readonly string[]): string[] =>
  lines.filter((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some((line) => !line.startsWith(' ')),
  )

const paintLine = (line: string, { green, red }: Paint): string => {
  if (line.startsWith('+')) return green(line)
  return line.startsWith('-') ? red(line) : line
}

const headOf = ({ path, before, isKept }: Change): string => {
  if (before === undefined) return `${path} (new)`
  return isKept ? `${path} (is there, and stays as it is; --force writes this)` : path
}

/** What would be written, as a diff; never a secret. */
export const renderChanges = (changes: readonly Change[], paint: Paint): string =>
  changes
    .map((change) => {
      const { before = '', after, secret } = change
      const [old, now] = secret ? [hide(before), hide(after)] : [before, after]
      const lines = around(diffLines(old, now).map(({ mark, text }) => mark + text)).map((line) =>
        paintLine(line, paint),
      )
      return `${paint.bold(headOf(change))}\n${lines.map((line) => `${line}\n`).join('')}`
    })
    .join('\n')
