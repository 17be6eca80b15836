import { describe, expect, it } from 'vitest'
import { renderJunit } from '../../../src/report/junit.ts'
import type { RunEvent } from '../../../src/report/run-documents.ts'

const run = { version: 1, run: 'r1' } as const
const started: RunEvent = { ...run, event: 'run.started', command: 'up', environment: 'qual', plan: null }
const finished = (change: object = {}): RunEvent =>
  ({ ...run, event: 'run.finished', status: 'done', exit: 0, ...change }) as RunEvent
const step = (change: object): RunEvent =>
  ({
    ...run,
    event: 'step.finished',
    step: 1,
    kind: 'apply-migration',
    status: 'done',
    ms: 1234,
    ...change,
  }) as RunEvent
const failure = {
  message: 'iam_qual: 00002_b.sql failed at line 4: "x" < 1 & \x1b[0m',
  details: ['a', 'b'],
  hint: 'po-migrate up',
}

describe('the JUnit report', () => {
  it('has one case a migration, with the failure in the words of the run', () => {
    const text = renderJunit([
      started,
      step({ kind: 'pull-image', image: 'i' }),
      step({ database: 'iam_qual', migration: '00001_a.sql' }),
      step({ database: 'iam_qual', migration: '00002_b.sql', status: 'failed', ms: 5, error: failure }),
      step({ database: 'rag_qual', migration: '00001_c.sql', status: 'skipped', ms: 0 }),
      finished({ status: 'failed', exit: 1, error: failure }),
    ])
    expect(text).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="up qual" tests="3" failures="1" skipped="1" time="1.239">
    <testcase classname="iam_qual" name="00001_a.sql" time="1.234"/>
    <testcase classname="iam_qual" name="00002_b.sql" time="0.005"><failure message="iam_qual: 00002_b.sql failed at line 4: &quot;x&quot; &lt; 1 &amp; [0m">a
b
→ po-migrate up</failure></testcase>
    <testcase classname="rag_qual" name="00001_c.sql" time="0.000"><skipped/></testcase>
  </testsuite>
</testsuites>
`)
  })

  it.each<[string, RunEvent[], string]>([
    [
      'a run that was refused',
      [started, finished({ exit: 4, error: failure })],
      'classname="qual" name="run"',
    ],
    [
      'another step that failed',
      [
        started,
        step({ kind: 'create-database', database: 'iam_qual', status: 'failed', error: failure }),
        finished({ error: failure }),
      ],
      'classname="iam_qual" name="create-database"',
    ],
  ])('has a failed case for %s', (_, events, expected) => {
    const text = renderJunit(events)
    expect(text).toContain('tests="1" failures="1"')
    expect(text).toContain(expected)
  })

  it('has no second case for a failure that a step has told, and none for a step that went well', () => {
    const text = renderJunit([
      started,
      step({ kind: 'create-database', database: 'iam_qual' }),
      step({ database: 'iam_qual', migration: '00001_a.sql', status: 'failed' }),
      finished({ error: failure }),
    ])
    expect(text).toContain('tests="1" failures="1" skipped="0"')
    expect(text).toContain('<failure message="failed"></failure>')
  })

  it('is of the tool where a run never began', () => {
    const text = renderJunit([finished({ exit: 4, error: { message: 'no', details: [] } })])
    expect(text).toContain('<testsuite name="po-migrate" tests="1"')
    expect(text).toContain('<failure message="no"></failure>')
  })

  it('is empty when nothing was pending', () => {
    expect(renderJunit([started, finished()])).toContain('tests="0" failures="0"')
  })
})
