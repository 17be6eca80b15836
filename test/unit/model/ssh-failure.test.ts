import { describe, expect, it } from 'vitest'
import { explainSshFailure } from '../../../src/model/ssh-failure.ts'

describe('the words of ssh', () => {
  it.each([
    ['Host key verification failed.', 'its host key is not known here', /^ssh me@vps true/],
    [
      '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.',
      'its host key is not the known one',
      /ssh-keygen -R HOST/,
    ],
    ['me@vps: Permission denied (publickey).', 'it takes none of your keys', /ssh-add/],
    [
      'Received disconnect from 1.2.3.4 port 22:2: Too many authentication failures',
      'it takes none of your keys',
      /ssh-add/,
    ],
    [
      'ssh: Could not resolve hostname vps: Name or service not known',
      'its name is not known here',
      /~\/\.ssh\/config/,
    ],
    [
      'No user exists for uid 4242',
      'this uid has no entry in passwd, and ssh goes nowhere without one',
      /id -un/,
    ],
    [
      'Load key "/home/me/.ssh/id": error in libcrypto\nme@vps: Permission denied (publickey).',
      'a key of yours cannot be read',
      /^sed -i/,
    ],
    ['ssh: connect to host vps port 22: Connection refused', 'it does not answer', /^ssh -v me@vps true$/],
    ['ssh: connect to host vps port 22: Connection timed out', 'it does not answer', /^ssh -v me@vps true$/],
    ['', 'it does not answer', /^ssh -v me@vps true$/],
  ])('%s', (words, why, remedy) => {
    const explained = explainSshFailure(words, 'me@vps')
    expect(explained.why).toBe(why)
    expect(explained.remedy).toMatch(remedy)
  })
})
