import { describe, expect, it } from 'vitest'
import { type Kind, type Kinds, kindOf, lineOf, performWith } from '../../../src/model/kind.ts'

type Stop = { kind: 'stop'; project: string }
type Drop = { kind: 'drop'; database: string }

const stop: Kind<Stop, { said: string[] }> = {
  words: ({ project }) => [project, 'stop'],
  perform: async ({ project }, { said }) => void said.push(`stopped ${project}`),
}
const drop: Kind<Drop, { said: string[] }> = {
  words: ({ database }) => [database, 'drop'],
  line: ({ database }) => [database, 'dropped'],
  perform: async ({ database }, { said }) => void said.push(`dropped ${database}`),
}
type Step = Stop | Drop
const kinds: Kinds<Step, { said: string[] }> = { stop, drop }

describe('a kind of step', () => {
  it('is said in the words of the plan, in one line, unless it has others', () => {
    expect(lineOf(kinds, { kind: 'stop', project: 'apps' })).toBe('apps: stop')
    expect(lineOf(kinds, { kind: 'drop', database: 'iam' })).toEqual(['iam', 'dropped'])
    expect(kindOf(kinds, { kind: 'drop', database: 'iam' }).words({ kind: 'drop', database: 'iam' })).toEqual(
      ['iam', 'drop'],
    )
  })

  it('has the one effect of its step', async () => {
    const said: string[] = []
    const perform = performWith(kinds, { said })
    await perform({ kind: 'drop', database: 'iam' })
    await perform({ kind: 'stop', project: 'apps' })
    expect(said).toEqual(['dropped iam', 'stopped apps'])
  })
})
