import { describe, expect, it } from 'vitest'
import { foldedOutput, isFolded } from '../../../src/report/fold.ts'
import { renderError } from '../../../src/report/render.ts'
import { plainPaint } from '../support/fixtures.ts'

const shown = (text: string, columns = 40): string => {
  let written = ''
  const stream = {
    isTTY: true,
    columns,
    write: (more: string) => {
      written += more
    },
  }
  foldedOutput(stream).write(text)
  return written
}

describe('a terminal', () => {
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
      'keeps a number with what it counts, and a name that ends in one with nothing',
      'the backup dev-20261126T231108-78ab49 is kept beside 12 others\n',
      'the backup dev-20261126T231108-78ab49 is\n    kept beside 12 others\n',
    ],
    [
      'counts tabs',
      'DETAIL:\tKey (id)=(1)\tis there\talready\n',
      'DETAIL:    Key (id)=(1)    is there\n    already\n',
    ],
    [
      'takes the end of a line of Windows for one',
      'of a file that was written on another system\r\n',
      'of a file that was written on another\n    system\n',
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
    [
      'keeps a sign with its word, closer where there is no other way',
      ' –  00010_connection_template_binding.sql    pending\n',
      '– 00010_connection_template_binding.sql\n     pending\n',
    ],
    [
      'puts a word further out where it fits on no line else',
      ' ✔  00009_activity_log_translation_keys.sql\n',
      ' ✔\n 00009_activity_log_translation_keys.sql\n',
    ],
    [
      'gives a command behind words a line of its own',
      '  → start Postgres as ever, or set hosts.local.stack, then: po-migrate start local --lock-wait 60\n',
      '  → start Postgres as ever, or set\n    hosts.local.stack, then:\n    po-migrate start local --lock-wait 60\n',
    ],
    [
      'breaks what is to be done in words',
      '  → set ssl = on there, or write the mode where it is trusted\n',
      '  → set ssl = on there, or write the\n    mode where it is trusted\n',
    ],
  ])('%s', (_, text, expected) => {
    expect(shown(text)).toBe(expected)
  })

  const psql = `docker exec db psql -X -v ON_ERROR_STOP=1 -U app -d 'x' -c 'delete from schema_migrations'`

  it.each([
    [
      'behind words',
      `    not done, or undone by hand: → ${psql}`,
      `    not done, or undone by hand:\n      → ${psql}`,
    ],
    [
      'of another node',
      `    done: → on the node worker-1: ${psql}`,
      `    done:\n      → on the node worker-1:\n        ${psql}`,
    ],
    [
      'with its settings',
      `  once it can: → PGSSLMODE=verify-full ${psql}`,
      `  once it can:\n    → PGSSLMODE=verify-full ${psql}`,
    ],
    ['behind an arrow of JSON, which is none', `  QUERY: select a -> 'of', b -> 'more'`, undefined],
    ['in a frame', `    4 | -- from here → docker, and so on, and so on, for ever`, undefined],
  ])('leaves a command whole %s', (_, line, expected = line) => {
    expect(shown(`${line}\n`, 40)).toBe(`${expected}\n`)
  })

  it('leaves a command whole that an error has among its details', () => {
    const details = [
      'x: 00012.sql ended in the middle. Look at what it did:',
      `  done: → ${psql}`,
      `  → ${psql}`,
    ]
    const paint = { ...plainPaint, columns: 60 }
    const text = renderError({ message: 'It did not end.', details, hint: 'paste it' }, paint)
    expect(
      shown(text, 60)
        .split('\n')
        .filter((line) => line.includes(psql)),
    ).toHaveLength(2)
  })

  it('keeps a sign with its word in ASCII, too', () => {
    expect(shown(' ok  00009_activity_log_translations.sql\n', 39)).toBe(
      'ok 00009_activity_log_translations.sql\n',
    )
  })

  it('counts what is wide twice, and accents not at all', () => {
    expect(shown('dev: 移行が失敗しました を見て ください\n', 30)).toBe(
      'dev: 移行が失敗しました を見て\n    ください\n',
    )
    expect(shown(`${'e\u0301'.repeat(36)} bcd\n`)).toBe(`${'e\u0301'.repeat(36)} bcd\n`)
  })

  it('goes on below the last column where that has room', () => {
    expect(
      shown(
        '✔ postgres                  it is shop-db-1, version 17.12 (Debian 17), password accepted\n',
        80,
      ),
    ).toBe(
      '✔ postgres                  it is shop-db-1, version 17.12 (Debian 17), password\n' +
        '                            accepted\n',
    )
  })

  it.each([
    ['a command', `  → po-migrate up dev --allow-missing 00001 --lock-wait 60\n`],
    ['a command in ASCII', `  -> po-migrate up dev --allow-missing 00001 --lock-wait 60\n`],
    ['SQL beside its number', `    12 | select a, b, c from orders join customers using (id)\n`],
    ['the line that is meant', `  > 4 | SELECT id, lower(color) AS colour FROM service_calendars;\n`],
    ['and its caret', `      |                                                     ^\n`],
    ['a command that has words behind it', `  → docker exec db psql -c 'select: po-migrate 1, 2, 3, 4, 5'\n`],
    ['a command in colour', "\u001b[22m  → docker exec db psql -c 'select 1, 2, 3, 4, 5'\n"],
    ['a document', `{"event":"run.started","command":"up","environment":"dev"}\n`],
    ['a line that moves', `\r\u001b[K⠋ calendar 00003_bookings.sql is running for 12 s`],
    ['what fits', `calendar  3 applied\n`],
    ['a line that has no end yet', 'Apply 12 migrations to prod, which serves now? '],
  ])('leaves %s as it stands', (_, text) => {
    expect(shown(text)).toBe(text)
  })

  it('is one that says how wide it is', () => {
    const write = () => {}
    expect(isFolded({ write, isTTY: true, columns: 120 })).toBe(true)
    expect(isFolded({ write, isTTY: true, columns: 0 })).toBe(false)
    expect(isFolded({ write, columns: 40 })).toBe(false)
  })
})
