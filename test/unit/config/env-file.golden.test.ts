import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { askParser, comparable, type EnvAnswer } from '../../support/env-file/compose-env.ts'

type Variables = Record<string, string>
type Vector = { files: string[]; host: number; variables?: Variables; error?: true }
type Golden = { seed: number; compose: string; hosts: Variables[]; vectors: Vector[] }

const path = new URL('env-file.golden.json', import.meta.url)
const { seed, compose, hosts, vectors }: Golden = JSON.parse(readFileSync(path, 'utf8'))

test(`the parser reads ${vectors.length} files (seed ${seed}) as compose ${compose} did`, () => {
  const differences = vectors.flatMap(({ files, host, variables }) => {
    const recorded: EnvAnswer = variables ? { variables } : { error: '' }
    const parsed = askParser({ files, hostEnv: hosts[host]! })
    return isDeepStrictEqual(comparable(parsed), comparable(recorded))
      ? []
      : [{ files, host, recorded, parsed }]
  })
  expect(differences).toEqual([])
})

test('the recorded files are many, distinct and mostly valid', () => {
  expect(vectors.length).toBe(2000)
  expect(new Set(vectors.map(({ files, host }) => JSON.stringify([files, host]))).size).toBe(vectors.length)
  expect(vectors.filter(({ error }) => error).length).toBeLessThan(vectors.length / 4)
})
