import type { StepStatus } from './outcome.ts'
import type { Step } from './step.ts'

/** What is acted on, and what is done to it. */
export type Words = readonly [subject: string, action: string]

/** A kind of step: all that the loop and the reports know of it. `T`: what it acts with; `R`: what it leaves for later steps. */
export type Kind<S extends Step, T, R = void> = {
  /** In the table of a plan. */
  words: (step: S) => Words
  /** While it runs, in columns where it is a pair; left out: the words of the plan, in one line. */
  line?: (step: S) => string | Words
  perform: (step: S, tools: T) => Promise<R>
  /** It changes nothing that stays. */
  leavesNothing?: true
  /** No signal cuts it off: a failure is its own. */
  isAtomic?: true
  /** What is to be told of it when its run stopped. */
  left?: (step: S, status: StepStatus) => readonly string[]
}

/** The kinds that a plan may have: a plan with another one does not compile. */
export type Kinds<S extends Step, T = never, R = unknown> = {
  readonly [K in S['kind']]: Kind<Extract<S, { kind: K }>, T, R>
}

type AnyKind = { perform: (step: never, tools: never) => Promise<unknown> }
type Table = Record<string, AnyKind>

/** The steps that a table of kinds can do. */
export type StepOf<K extends Table> = {
  [Name in keyof K]: Parameters<K[Name]['perform']>[0]
}[keyof K]

/** All that they act with. */
type ToolsOf<K extends Table> = [K[keyof K]['perform']] extends [(step: never, tools: infer T) => unknown]
  ? T
  : never

type ResultOf<K extends Table> = ReturnType<K[keyof K]['perform']>

export const kindOf = <S extends Step>(kinds: Kinds<S>, { kind }: S): Kind<S, never, unknown> =>
  kinds[kind as S['kind']] as unknown as Kind<S, never, unknown>

/** Step → its one effect. */
export const performWith =
  <K extends Table>(kinds: K, tools: ToolsOf<K>) =>
  (step: StepOf<K>): ResultOf<K> =>
    (kinds[(step as Step).kind] as AnyKind).perform(step as never, tools as never) as ResultOf<K>

export const lineOf = <S extends Step>(kinds: Kinds<S>, step: S): string | Words => {
  const { words, line } = kindOf(kinds, step)
  return line ? line(step) : words(step).join(': ')
}
