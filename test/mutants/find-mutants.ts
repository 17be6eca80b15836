import { type Expression, parseSync, Visitor } from 'oxc-parser'

/** A file of `src` with one operator changed. */
export type Mutant = {
  file: string
  /** Where the change stands in the text, and what stands there then. */
  start: number
  end: number
  replacement: string
}

const otherOperators: Readonly<Record<string, readonly string[]>> = {
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '+=': ['-='],
  '-=': ['+='],
  '++': ['--'],
  '--': ['++'],
}

const otherMethods: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  min: 'max',
  max: 'min',
}

/** Kinds of condition that have an operator of their own to change. */
const operated: readonly string[] = ['LogicalExpression', 'BinaryExpression', 'UnaryExpression']

type Change = Omit<Mutant, 'file'>
type Two = { left: { end: number }; right: { start: number }; operator: string }
type Span = { start: number; end: number }

/** Every mutant of a file that is still a program, in the order of the text. */
export const findMutants = (file: string, text: string): Mutant[] => {
  const changes: Change[] = []
  const types: Span[] = []
  const put = (start: number, end: number, replacement: string): void => {
    changes.push({ start, end, replacement })
  }
  const operator = ({ left, right, operator: old }: Two): void => {
    const start = text.indexOf(old, left.end)
    if (start < right.start)
      for (const other of otherOperators[old] ?? []) put(start, start + old.length, other)
  }
  const condition = ({ type, start, end }: Expression): void => {
    if (!operated.includes(type)) put(start, end, `!(${text.slice(start, end)})`)
  }
  new Visitor({
    BinaryExpression: operator,
    LogicalExpression: operator,
    AssignmentExpression: operator,
    UpdateExpression: ({ prefix, start, end, operator: old }) => {
      const at = prefix ? start : end - old.length
      for (const other of otherOperators[old] ?? []) put(at, at + old.length, other)
    },
    UnaryExpression: ({ operator: old, start }) => {
      if (old === '!' || old === '-') put(start, start + 1, '')
    },
    IfStatement: ({ test }) => condition(test),
    ConditionalExpression: ({ test }) => condition(test),
    WhileStatement: ({ test }) => condition(test),
    Literal: ({ value, start, end }) => {
      if (typeof value === 'boolean') put(start, end, String(!value))
    },
    MemberExpression: ({ property, computed }) => {
      const other = !computed && property.type === 'Identifier' && otherMethods[property.name]
      if (other) put(property.start, property.end, other)
    },
    TSLiteralType: ({ start, end }) => {
      types.push({ start, end })
    },
  }).visit(parseSync(file, text).program)
  return changes
    .filter(({ start }) => !types.some((type) => type.start <= start && start < type.end))
    .map((change) => ({ file, ...change }))
    .filter((mutant) => parseSync(file, mutated(mutant, text)).errors.length === 0)
    .sort((a, b) => a.start - b.start)
}

/** The text with the change in it. */
export const mutated = ({ start, end, replacement }: Mutant, text: string): string =>
  text.slice(0, start) + replacement + text.slice(end)
