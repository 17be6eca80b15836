import { stripVTControlCharacters } from 'node:util'
import type { Output } from '../model/context.ts'
import { visibleWidth } from './render.ts'

/** What is to be copied or read as it stands: commands, SQL beside its numbers, documents. A line that moves is no line yet. */
const asItStands = /^\s*(?:→|->|[> ]*\d* \||[{}[\]"<])|\r(?!$)/

/**
 * What begins a command; the words before it, up to a colon, are none. Known by its first word and not told as data: a hint is
 * one text for people and in documents, often words and a command in one, and all that is written passes here as lines.
 */
const commandWord =
  '(?:po-migrate|docker|psql|npm|npx|cd|sudo|chmod|chown|ls|df|rm|mkdir|make|git|ssh|openssl|unset|export|[A-Z_]+=|\\S*/)'
const proseThenCommand = new RegExp(
  `^(?<prose>(?<indent>\\s*)(?:→|->) (?!${commandWord}).*?:) (?<command>${commandWord}.*)$`,
)

/** A command that stands at the end of words, as where several are told apart. */
const wordsThenArrow = new RegExp(
  `^(?<words>(?<before>\\s*)(?!→ |-> )\\S.*?) (?<arrowed>(?:→|->) (?:on the node |${commandWord}).*)$`,
)

/** A hint in words, without anything that could be meant for a shell. */
const onlyWords = new RegExp(
  `^\\s*(?:→|->) (?!${commandWord})(?!.*(?:\\bpo-migrate\\b|\\bdocker\\b|[/'"$|]| -))`,
)

/** A number stays with what it counts, and a default with its name. */
const betweenWords = /(?<!(?:^|\s)\d[\d.]* |\[default: )(?<=\s)(?=\S)/
const gap = /\S {2,}(?=\S)/g

/** What belongs to the word behind it: ✔, !, and in ASCII ok. */
const sign = /^(?:|\S|ok|->)$/u
const isSign = (text: string): boolean => sign.test(stripVTControlCharacters(text).trim())

/** What a column needs, for the rest of it to stand below it. */
const worthwhile = 40

const arrow = /^\s*(?:→|->) /

/** Where a line may go on, best first: below its last column, where that is wide enough, or a little further in. */
const hangsOf = (line: string, columns: number): number[] => {
  const indent = line.length - line.trimStart().length
  const starts = [...line.matchAll(gap)].map(({ index, 0: found }) =>
    visibleWidth(line.slice(0, index + found.length)),
  )
  const last = starts.findLast((at) => columns - at >= worthwhile)
  return [...(last === undefined ? [] : [last]), arrow.exec(line)?.[0].length ?? indent + 4]
}

/** A word on a line of its own: further out where it does not fit else. */
const alone = (word: string, hangs: readonly number[], columns: number): string => {
  const most = columns - visibleWidth(word.trimEnd())
  const fitting = hangs.find((hang) => hang <= most) ?? (most < 0 ? hangs.at(-1) : most)
  return ' '.repeat(fitting ?? 0) + word
}

/** A sign stays with its word, closer to it where there is no other way. */
const withFirst = (last: string, word: string, columns: number): string[] => {
  const width = visibleWidth(word.trimEnd())
  const first = last.trim()
  if (visibleWidth(last) + width <= columns || width > columns) return [last + word]
  return first !== '' && visibleWidth(first) + 1 + width <= columns
    ? [`${first} ${word}`]
    : [last, alone(word, [], columns)]
}

/** Broken between words; a word that is longer stays whole, to be copied. */
const foldProse = (line: string, columns: number): string => {
  if (visibleWidth(line) <= columns) return line
  const hangs = hangsOf(line, columns)
  const lines = [' '.repeat(line.length - line.trimStart().length)]
  for (const word of line.trimStart().split(betweenWords)) {
    const last = lines.at(-1) ?? ''
    const width = visibleWidth(last) + visibleWidth(word.trimEnd())
    if (isSign(last)) lines.splice(-1, 1, ...withFirst(last, word, columns))
    else if (width <= columns) lines[lines.length - 1] = last + word
    else lines.push(alone(word, hangs, columns))
  }
  return lines
    .map((one) => one.trimEnd())
    .filter((one) => one !== '')
    .join('\n')
}

const tabs = /\t/g

const foldLine = (line: string, columns: number): string => {
  // As many as a tab may be.
  if (visibleWidth(line.replace(tabs, ' '.repeat(8))) <= columns) return line
  const plain = stripVTControlCharacters(line)
  if (asItStands.test(plain) && (plain !== line || !arrow.test(line))) return line
  const { words, before = '', arrowed } = wordsThenArrow.exec(line)?.groups ?? {}
  if (words) return `${foldProse(words, columns)}\n${foldLine(`${before}  ${arrowed}`, columns)}`
  const { prose, indent = '', command } = proseThenCommand.exec(line)?.groups ?? {}
  if (prose) return `${foldProse(prose, columns)}\n${indent}  ${command}`
  return arrow.test(line) && !onlyWords.test(line)
    ? line
    : foldProse(line.replace(tabs, ' '.repeat(4)), columns)
}

/** A terminal that says how wide it is. */
export const isFolded = ({ isTTY, columns }: Output): boolean => isTTY === true && Boolean(columns)

/** For a terminal: whole words. */
export const foldedOutput = (stream: Output): Output => {
  const write = (text: string): unknown => {
    const { columns } = stream
    const lines = text.split('\n')
    const open = lines.pop() ?? ''
    return stream.write([...lines.map((line) => foldLine(line, columns || Infinity)), open].join('\n'))
  }
  return Object.create(stream, { write: { value: write } })
}
