import { describe, expect, it } from 'vitest'
import { AppError, amend, asTouched, type ExitCode, exitCodes } from '../../src/errors.ts'

const promising: ExitCode[] = [2, 4, 5, 6]
const silent: ExitCode[] = [1, 130, 143]

describe('whether something was touched', () => {
  it.each(promising)('is no for exit %i, which promises it', (exitCode) => {
    expect(new AppError('no', { exitCode }).touched).toBe(false)
  })

  it.each(silent)('is not said by exit %i alone', (exitCode) => {
    expect(new AppError('no', { exitCode }).touched).toBeUndefined()
    expect(new AppError('no', { exitCode, touched: false }).touched).toBe(false)
  })

  it.each(promising)('takes exit %i away once something was changed', (exitCode) => {
    const error = new AppError('no', { exitCode, details: ['why'], hint: 'type this' })
    expect(asTouched(error)).toMatchObject({
      message: 'no',
      exitCode: exitCodes.failed,
      touched: true,
      details: ['why'],
      hint: 'type this',
    })
  })

  it('leaves the code of an interruption as it is', () => {
    expect(amend(new AppError('no', { exitCode: 143 }), { touched: true })).toMatchObject({
      exitCode: 143,
      touched: true,
    })
  })

  it('says nothing of what is no answer but a bug', () => {
    const bug = new TypeError('x is not a function')
    expect(asTouched(bug)).toBe(bug)
  })
})
