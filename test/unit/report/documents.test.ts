import { describe, expect, it } from 'vitest'
import { statusDocument } from '../../../src/report/documents.ts'
import { eventDocument } from '../../../src/report/run-documents.ts'

describe('the documents of --json', () => {
  const finished = { version: 1, event: 'run.finished', run: 'r', status: 'done', exit: 0, databases: [] }

  it.each<[string, object]>([
    ['another version', { ...finished, version: 2 }],
    ['an unknown event', { ...finished, event: 'run.ended' }],
    ['an unknown status', { ...finished, status: 'ok' }],
    ['a field that nobody promised', { ...finished, host: 'vps' }],
    ['a missing exit code', { ...finished, exit: undefined }],
  ])('do not allow %s', (_, event) => {
    expect(eventDocument.safeParse(finished).success).toBe(true)
    expect(eventDocument.safeParse(event).success).toBe(false)
  })

  it('include the example of the contract', () => {
    const example = {
      version: 1,
      environments: [
        {
          environment: 'qual',
          host: 'vps',
          network: 'po-shared-network',
          databases: [
            {
              name: 'iam',
              database: 'iam_qual',
              exists: true,
              applied: 1,
              pending: 0,
              migrations: [{ version: '00001', file: '00001_initial_schema.sql', state: 'applied' }],
            },
          ],
        },
      ],
    }
    expect(statusDocument.parse(example)).toEqual(example)
  })
})
