import { describe, expect, it } from 'vitest'
import { hasDatabase, labelsOf } from '../../../../src/io/docker/labels.ts'

describe('the labels of what a run makes', () => {
  it('find each of its databases again, whatever is in its name, and no part of one', () => {
    const names = ['iam', 'a,b', '100%', '%2C', 'ä é']
    const label = labelsOf({ run: 'r', databases: [...names, 'iam'] })
    for (const name of names)
      expect({ name, has: hasDatabase(label, new Set([name])) }).toEqual({ name, has: true })
    for (const name of ['a', 'b', '100', ',', 'ia'])
      expect({ name, has: hasDatabase(label, new Set([name])) }).toEqual({ name, has: false })
  })

  it('of an older release read as they were written', () => {
    expect(hasDatabase({ 'po-migrate.databases': 'iam_qual,rag_qual' }, new Set(['rag_qual']))).toBe(true)
    expect(hasDatabase({}, new Set(['rag_qual']))).toBe(false)
  })

  it('say what is known, under the names that scripts look for, and nothing else', () => {
    expect(labelsOf({ run: 'r', project: '', server: undefined, sequence: 3, copyOf: 'v' })).toEqual({
      'po-migrate.run': 'r',
      'po-migrate.sequence': '3',
      'po-migrate.copy-of': 'v',
    })
    expect(
      labelsOf({ run: 'r', project: 'p', environment: 'e', server: 's', volume: 'v', databases: [] }),
    ).toEqual({
      'po-migrate.run': 'r',
      'po-migrate.project': 'p',
      'po-migrate.environment': 'e',
      'po-migrate.server': 's',
      'po-migrate.volume': 'v',
      'po-migrate.databases': '',
    })
  })
})
