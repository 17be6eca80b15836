import { userInfo } from 'node:os'
import { expect, it } from 'vitest'
import { loginName } from '../../../../src/io/host/login-name.ts'

it('a process is known by its account, and by its number where no account has it', () => {
  expect(loginName(0)).toBe(userInfo().username)
  const missing = (): never => {
    throw new Error('uv_os_get_passwd returned ENOENT')
  }
  expect(loginName(4242, missing)).toBe('uid 4242')
  expect(loginName(undefined, missing)).toBe('uid unknown')
})
