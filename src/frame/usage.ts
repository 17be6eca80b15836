import { databaseNames } from '../config/databases.ts'
import { loadConfig } from '../config/load.ts'
import { type AppError, usageError } from '../errors.ts'
import type { Context } from '../model/context.ts'
import { nearest } from '../model/nearest.ts'
import { quoteAll } from '../model/quote.ts'

const named = '--config='
const dashes = /^--?/
/** Before a name it says no, and so there is no value. */
const no = '--no-'

/** What each verb has to be told, in order, as `--help` names it. */
const needed: Readonly<Record<string, readonly string[]>> = {
  up: ['environment'],
  plan: ['environment'],
  drift: ['environment'],
  adopt: ['environment'],
  rollback: ['environment'],
  history: ['environment'],
  backup: ['environment'],
  restore: ['environment'],
  lock: ['action', 'environment'],
  start: ['host'],
  cutover: ['host'],
  new: ['db', 'name'],
}

export type UsageFacts = {
  /** The words of the command line that are neither flags nor their values, the verb first. */
  words: readonly string[]
  /** All the others, as typed. */
  others: readonly string[]
  verbs: readonly string[]
  /** Names of its flags. */
  flags: readonly string[]
  /** Names of the options that this verb knows. */
  options: readonly string[]
  /** Words that an argument or a flag is one of, whatever the config says. */
  choices: Readonly<Record<string, readonly string[]>>
  /** What it may be, where that can be told: one of those words, or the names in the config. */
  values: (argument: string) => readonly string[]
}

/** The file that `--config` names, in either form. */
const configFile = (argv: readonly string[]): string | undefined => {
  const at = argv.findLastIndex((word) => word === '--config' || word.startsWith(named))
  const word = argv[at]
  return word?.startsWith(named) ? word.slice(named.length) : word && argv[at + 1]
}

/** The names in the config, where there is one, by the argument that takes them. */
export const namesIn = (
  argv: readonly string[],
  { cwd, env }: Context,
): Readonly<Record<string, readonly string[]>> => {
  try {
    const config = loadConfig({ file: configFile(argv), cwd, env })
    const { environments, hosts } = config
    return { environment: Object.keys(environments), host: Object.keys(hosts), db: databaseNames(config) }
  } catch {
    return {}
  }
}

/** A command line apart: its words, and its flags with their values, of which those that say yes or no have none. */
export const takeApart = (
  argv: readonly string[],
  isSwitch: (name: string) => boolean,
): Pick<UsageFacts, 'words' | 'others'> => {
  const words: string[] = []
  const others: string[] = []
  const end = argv.indexOf('--')
  let isValue = false
  for (const word of end < 0 ? argv : argv.slice(0, end)) {
    const isFlag = word.length > 1 && word.startsWith('-')
    if (isFlag || isValue) others.push(word)
    else words.push(word)
    isValue = isFlag && !word.includes('=') && !word.startsWith(no) && !isSwitch(word.replace(dashes, ''))
  }
  return { words: [...words, ...(end < 0 ? [] : argv.slice(end + 1))], others }
}

const dashed = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`)

const listed = (names: readonly string[]): string =>
  names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${names.at(-1)}` : names.join('')

/** The words by argument: one that is not even close to what stands first is what comes next. */
const givenTo = (verb: string, { words, choices }: UsageFacts): Map<string, string> => {
  const arguments_ = needed[verb] ?? []
  const open = words.slice(1, 1 + arguments_.length)
  const given = new Map<string, string>()
  for (const name of arguments_) {
    const [word] = open
    if (word === undefined) break
    const known = choices[name]
    const meant = known ? nearest(word, known) : word
    if (meant === undefined && open.length < arguments_.length) continue
    given.set(name, meant ?? word)
    open.shift()
  }
  return given
}

const missing = (verb: string, facts: UsageFacts): AppError => {
  const { others, values } = facts
  const arguments_ = needed[verb] ?? []
  const given = givenTo(verb, facts)
  const name = arguments_.find((each) => !given.has(each)) ?? 'argument'
  const possible = values(name)
  const said = arguments_.map(
    (each) => given.get(each) ?? (possible[0] && each === name ? possible[0] : each.toUpperCase()),
  )
  return usageError(
    `${verb}: which ${name}?${possible.length > 0 ? ` ${listed(possible)}.` : ''}`,
    quoteAll(['po-migrate', verb, ...said, ...others]),
  )
}

const missingFlag = (verb: string, flag: string, { words, others, values }: UsageFacts): AppError => {
  const possible = values(flag)
  const [first = flag.toUpperCase()] = possible
  return usageError(
    `${verb}: which --${flag}?${possible.length > 0 ? ` ${listed(possible)}.` : ''}`,
    quoteAll(['po-migrate', ...words, ...others, `--${flag}`, first]),
  )
}

/** A flag that stands there without its value. */
const missingValue = (verb: string, flag: string, facts: UsageFacts): AppError => {
  const at = facts.others.lastIndexOf(dashed(flag))
  return missingFlag(verb, flag, { ...facts, others: facts.others.filter((_, index) => index !== at) })
}

/** The first word is none that does anything, or a flag that nobody knows took the verb for its value. */
const unknownVerb = (first: string, { others, verbs }: UsageFacts): AppError => {
  const at = others.findIndex((word, index) => verbs.includes(word) && others[index - 1]?.startsWith('-'))
  const [flag, taken] = at < 0 ? [] : others.slice(at - 1, at + 1)
  if (taken !== undefined)
    return usageError(
      `There is no verb ${first}: ${flag} before the verb took ${taken} for its value.`,
      `po-migrate ${taken} --help`,
    )
  const near = nearest(first, verbs)
  return usageError(`There is no verb ${first}${near ? `; did you mean ${near}?` : '.'}`, 'po-migrate --help')
}

/** yargs names a flag with dashes inside a second time, in camel case. */
const camelCase = (name: string): string =>
  name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

const unknown = (found: readonly string[], facts: UsageFacts): AppError => {
  const { words, verbs, options } = facts
  const [verb, ...others] = words
  if (verb !== undefined && !verbs.includes(verb)) return unknownVerb(verb, facts)
  const twice = new Set(found.flatMap((name) => (name.includes('-') ? camelCase(name) : [])))
  const once = found.filter((name) => !twice.has(name))
  const dashedOnes = once.filter((name) => !others.includes(name))
  const names = dashedOnes.length > 0 ? dashedOnes : once
  const [first = ''] = names
  const near = nearest(first, options)
  const help = verb !== undefined ? `po-migrate ${verb} --help` : 'po-migrate --help'
  if (verb !== undefined && others.includes(first))
    return usageError(`${verb} takes no ${first} there: it has all its arguments.`, help)
  const what = verb !== undefined ? `${verb} has no` : 'There is no'
  const meant = near ? `; did you mean ${dashed(near)}?` : '.'
  return usageError(`${what} ${listed(names.map(dashed))}${meant}`, help)
}

const notAChoice = (
  verb: string,
  { name, given, choices }: { name: string; given: string; choices: string },
  { options }: UsageFacts,
): AppError => {
  const what = needed[verb]?.includes(name) || !options.includes(name) ? name : dashed(name)
  const possible = choices.split(', ').map((choice) => choice.replaceAll('"', ''))
  return usageError(`${verb}: ${what} is ${listed(possible)}, not ${given}.`, `po-migrate ${verb} --help`)
}

const unknownNames = /^Unknown (?:arguments?|commands?): (.*)$/

type Explain = (verb: string, said: readonly string[], facts: UsageFacts) => AppError

/** What yargs says of a verb, and how it is put. */
const sayings: readonly [said: RegExp, explain: Explain][] = [
  [/^Not enough non-option arguments/, (verb, _, facts) => missing(verb, facts)],
  [
    /^Not enough arguments following: ([\w-]+)/,
    (verb, [flag = ''], facts) => missingValue(verb, flag, facts),
  ],
  [
    /^Invalid values:\s+Argument: ([\w-]+), Given: (.*), Choices: (.*)$/s,
    (verb, [name = '', given = '', choices = ''], facts) => notAChoice(verb, { name, given, choices }, facts),
  ],
  [/^Missing required arguments?: ([\w-]+)/, (verb, [flag = ''], facts) => missingFlag(verb, flag, facts)],
]

/** Flags that nobody knows; with a verb those that resemble one, since the line to type would have the typo in it. */
const strangeIn = ({ words, flags, options }: UsageFacts): string[] => {
  const strange = flags.filter((name) => !options.includes(name))
  if (words.length === 0) return strange
  return strange.filter((name) => !name.startsWith('no-') && nearest(name, options) !== undefined)
}

/** yargs' words as what is missing or wrong, by verb, with the values that are possible and the line to type. */
export const explainUsage = (message: string, facts: UsageFacts): AppError => {
  const [verb] = facts.words
  const strange = strangeIn(facts)
  const [, names] = unknownNames.exec(message) ?? []
  if (names !== undefined && verb !== undefined) return unknown(names.split(', '), facts)
  if (strange.length > 0) return unknown(strange, facts)
  for (const [said, explain] of verb === undefined ? [] : sayings) {
    const [found, ...groups] = said.exec(message) ?? []
    if (verb !== undefined && found !== undefined) return explain(verb, groups, facts)
  }
  const help =
    verb !== undefined && facts.verbs.includes(verb) ? `po-migrate ${verb} --help` : 'po-migrate --help'
  return usageError(message, help)
}
