import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { asAppError, withStack } from '../../src/as-app-error.ts'

const thrown = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

const refusedConnection = (): Promise<unknown> =>
  new Promise((resolve) => connect('/nowhere/docker.sock').once('error', resolve))

describe('what others throw', () => {
  it.each([
    { act: () => readFileSync('/nowhere/file'), path: '/nowhere/file' },
    { act: () => writeFileSync('/proc/x', ''), path: '/proc/x' },
  ])('tells the path and a command: $path', ({ act, path }) => {
    expect(asAppError(thrown(act), { begun: false })).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining(`${path}: ENOENT`),
      hint: `ls -ld '${path}'; df -h '${path}'`,
    })
  })

  it("is Postgres' answer, or Docker's", () => {
    const answer = Object.assign(new Error('permission denied for view x'), {
      severity: 'ERROR',
      code: '42501',
    })
    expect(asAppError(answer, { begun: false }).message).toBe(
      'Postgres refused what this tool asked: permission denied for view x (42501).',
    )
    const http = Object.assign(new Error('(HTTP code 500) server error'), {
      statusCode: 500,
      json: { message: 'no space left on device' },
    })
    expect(asAppError(http, { begun: false }).message).toBe('Docker refused: no space left on device (500).')
  })

  it('promises that nothing was touched only where nothing was begun', async () => {
    const error = await refusedConnection()
    expect(asAppError(error, { begun: false })).toMatchObject({ exitCode: 6, touched: false })
    expect(asAppError(error, { begun: true })).toMatchObject({ exitCode: 1, touched: undefined })
  })

  it('is a bug otherwise, whose stack --verbose shows', () => {
    const error = asAppError(new TypeError('x is not a function'), { begun: false })
    expect(error.message).toBe('Unexpected: x is not a function')
    expect(withStack(error).details[0]).toContain('as-app-error.test.ts')
  })
})
