import { expect, it } from 'vitest'
import { hasDatabase, writeDatabases } from '../../../../src/io/docker/docker.ts'

it('a label of databases finds each of them again, whatever is in its name, and no part of one', () => {
  const names = ['iam', 'a,b', '100%', '%2C', 'ä é']
  const label = writeDatabases([...names, 'iam'])
  for (const name of names)
    expect({ name, has: hasDatabase(label, new Set([name])) }).toEqual({ name, has: true })
  for (const name of ['a', 'b', '100', ',', 'ia'])
    expect({ name, has: hasDatabase(label, new Set([name])) }).toEqual({ name, has: false })
})

it('a label of an older release reads as it was written', () => {
  expect(hasDatabase('iam_qual,rag_qual', new Set(['rag_qual']))).toBe(true)
})
