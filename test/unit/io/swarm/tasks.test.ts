import { describe, expect, it } from 'vitest'
import { describeTask, isComing, isOver, isRunning, type Task } from '../../../../src/io/swarm/tasks.ts'

const task = (state: string, desired = 'running', error = ''): Task => ({
  ID: 'one',
  CreatedAt: '2026-01-01T00:00:00Z',
  DesiredState: desired,
  Status: { State: state, Err: error },
})

describe('a task of a swarm', () => {
  it.each([
    ['pending', 'running', 'coming'],
    ['preparing', 'running', 'coming'],
    ['ready', 'ready', 'coming'],
    ['running', 'running', 'running'],
    // It is told to stop, and does not yet.
    ['running', 'shutdown', 'running'],
    ['complete', 'running', 'over'],
    ['complete', 'shutdown', 'over'],
    ['failed', 'shutdown', 'over'],
    ['rejected', 'shutdown', 'over'],
    ['orphaned', 'shutdown', 'over'],
    // Taken back before it began.
    ['preparing', 'shutdown', 'over'],
  ])('that is %s and is to be %s is %s', (state, desired, said) => {
    const one = task(state, desired)
    const found = { coming: isComing(one), running: isRunning(one), over: isOver(one) }
    expect(Object.entries(found).flatMap(([name, is]) => (is ? name : []))).toEqual([said])
  })

  it('is said with its error, where it has one', () => {
    expect(describeTask(task('preparing'))).toBe('preparing')
    expect(describeTask(task('rejected', 'shutdown', 'No such image: a:1'))).toBe(
      'rejected: No such image: a:1',
    )
  })
})
