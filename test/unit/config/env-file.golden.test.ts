import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { askParser, comparable, type EnvAnswer, rulesOf } from '../../support/env-file/compose-env.ts'

type Variables = Record<string, string>
type Vector = { files: string[]; host: number; variables?: Variables; error?: true }
type Golden = { seed: number; compose: string; hosts: Variables[]; vectors: Vector[] }

const recorded = (['env-file.golden.json', 'env-file.golden-2.35.json'] as const).map((name): Golden => {
  const path = new URL(name, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8'))
})

test.each(recorded)('the parser reads the files of seed $seed as compose $compose did', (golden) => {
  const { compose, hosts, vectors } = golden
  const differences = vectors.flatMap(({ files, host, variables }) => {
    const answer: EnvAnswer = variables ? { variables } : { error: '' }
    const parsed = askParser({ files, hostEnv: hosts[host]! }, rulesOf(compose))
    return isDeepStrictEqual(comparable(parsed), comparable(answer)) ? [] : [{ files, host, answer, parsed }]
  })
  expect(differences).toEqual([])
})

test.each(recorded)(
  'the recorded files are many, distinct and mostly valid: compose $compose',
  ({ vectors }) => {
    expect(vectors.length).toBe(2000)
    expect(new Set(vectors.map(({ files, host }) => JSON.stringify([files, host]))).size).toBe(vectors.length)
    expect(vectors.filter(({ error }) => error).length).toBeLessThan(vectors.length / 4)
  },
)
