import { describe, expect, it } from 'vitest'
import { isNarrow, narrowOutput } from '../../../src/report/narrow.ts'

const shown = (text: string, columns = 40): string => {
  let written = ''
  const stream = {
    isTTY: true,
    columns,
    write: (more: string) => {
      written += more
    },
  }
  narrowOutput(stream).write(text)
  return written
}

describe('a narrow terminal', () => {
  it.each([
    [
      'breaks a sentence between words',
      'dev: nothing to do, 6 migrations applied in 3 databases.\n',
      'dev: nothing to do, 6 migrations applied\n    in 3 databases.\n',
    ],
    [
      'puts what follows further in, and keeps the columns of what fits',
      '  ✔ iam       00001_users_and_their_roles_in.sql  154 ms\n',
      '  ✔ iam\n      00001_users_and_their_roles_in.sql\n      154 ms\n',
    ],
    [
      'leaves a word whole that is longer',
      'in /tmp/po-migrate-project/infrastructure/state/shop now\n',
      'in\n    /tmp/po-migrate-project/infrastructure/state/shop\n    now\n',
    ],
    [
      'counts no colours',
      `\u001b[1m${'a'.repeat(36)}\u001b[22m bcd\n`,
      `\u001b[1m${'a'.repeat(36)}\u001b[22m bcd\n`,
    ],
  ])('%s', (_, text, expected) => {
    expect(shown(text)).toBe(expected)
  })

  it.each([
    ['a command', `  → po-migrate up dev --allow-missing 00001 --lock-wait 60\n`],
    ['a command in ASCII', `  -> po-migrate up dev --allow-missing 00001 --lock-wait 60\n`],
    ['SQL beside its number', `    12 | select a, b, c from orders join customers using (id)\n`],
    ['a document', `{"event":"run.started","command":"up","environment":"dev"}\n`],
    ['a line that moves', `\r\u001b[K⠋ calendar 00003_bookings.sql is running for 12 s`],
    ['what fits', `calendar  3 applied\n`],
    ['a line that has no end yet', 'Apply 12 migrations to prod, which serves now? '],
  ])('leaves %s as it stands', (_, text) => {
    expect(shown(text)).toBe(text)
  })

  it('is one that says how wide it is, and less than 80', () => {
    const write = () => {}
    expect(isNarrow({ write, isTTY: true, columns: 79 })).toBe(true)
    expect(isNarrow({ write, isTTY: true, columns: 80 })).toBe(false)
    expect(isNarrow({ write, isTTY: true, columns: 0 })).toBe(false)
    expect(isNarrow({ write, columns: 40 })).toBe(false)
  })
})
