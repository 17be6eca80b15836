import { quote } from '../model/quote.ts'

/** Flags of this command line without which another one would mean another config, or another machine. */
export type StandingFlags = readonly (readonly [flag: string, value?: string])[]

/** The tool and the words behind it; a command ends at a comma, a semicolon or two blanks. */
const command = /(?<![\w/.-])po-migrate(?: (?:'[^']*'|[^\s;,'()]+))+/g
const arrow = '→ '

const complete = (found: string, flags: StandingFlags): string =>
  [
    found,
    ...flags
      .filter(([flag]) => !found.split(' ').includes(flag))
      .map(([flag, value]) => (value === undefined ? flag : `${flag} ${quote(value)}`)),
  ].join(' ')

/** Commands of the tool with the flags that this one was given, so that they can be pasted where it was typed. */
export const toPaste = (text: string, flags: StandingFlags): string =>
  flags.length === 0 ? text : text.replace(command, (found) => complete(found, flags))

/** Prose may speak of the tool too; a command stands behind an arrow. */
const inDetail = (detail: string, flags: StandingFlags): string => {
  const [before = '', ...commands] = detail.split(arrow)
  return [before, ...commands.map((text) => toPaste(text, flags))].join(arrow)
}

/** The same for all that an error says. */
export const errorToPaste = (
  { details, hint }: { details: readonly string[]; hint?: string | undefined },
  flags: StandingFlags,
): { details: string[]; hint?: string } => ({
  details: details.map((detail) => inDetail(detail, flags)),
  ...(hint !== undefined && { hint: toPaste(hint, flags) }),
})
