import { describe, expect, it } from 'vitest'
import { type DbmateError, parseDbmateError } from '../../../src/model/dbmate-error.ts'

/** Recorded: what dbmate 2.36.0 printed, stdout and stderr together, against Postgres 17. */
const recorded: Record<string, [string, DbmateError]> = {
  'a syntax error, whose position is said once and in the up section': [
    'Applying: 10002_syntax.sql\nApplied: 10002_syntax.sql in 899.988µs\n' +
      'Error: line: 3, column: 8, position: 47: pq: syntax error at or near "tabel" at position 3:8 (42601)\n',
    { message: 'syntax error at or near "tabel"', sqlState: '42601', line: 3, column: 8 },
  ],
  'an unknown column with an umlaut': [
    'Applying: 10003_missing_column.sql\nApplied: 10003_missing_column.sql in 975.149µs\n' +
      'Error: line: 2, column: 15, position: 29: pq: column "Grün" of relation "t" does not exist at position 2:15 (42703)\n',
    { message: 'column "Grün" of relation "t" does not exist', sqlState: '42703', line: 2, column: 15 },
  ],
  'a check violation inside plpgsql, which has no position': [
    'Applying: 10004_check.sql\nApplied: 10004_check.sql in 3.678748ms\n' +
      'Error: pq: new row for relation "t" violates check constraint "t_kind_check" (23514)\n',
    { message: 'new row for relation "t" violates check constraint "t_kind_check"', sqlState: '23514' },
  ],
  'a duplicate key, whose DETAIL dbmate does not print': [
    'Applying: 10005_unique.sql\nApplied: 10005_unique.sql in 1.229065ms\n' +
      'Error: pq: duplicate key value violates unique constraint "t_pkey" (23505)\n',
    { message: 'duplicate key value violates unique constraint "t_pkey"', sqlState: '23505' },
  ],
  'a message of two lines that both begin as dbmate would, and end as a state would': [
    'Applying: 10006_raise.sql\nApplied: 10006_raise.sql in 1.903799ms\n' +
      'Error: pq: Error: two lines\nError: the second (ABCDE) (P0042)\n',
    { message: 'Error: two lines\nError: the second (ABCDE)', sqlState: 'P0042' },
  ],
  'a message beyond ASCII': [
    'Applying: 10007_raise_unicode.sql\nApplied: 10007_raise_unicode.sql in 2.39421ms\n' +
      'Error: pq: Öffnungszeiten überschneiden sich: 日本 → 😀 (P0001)\n',
    { message: 'Öffnungszeiten überschneiden sich: 日本 → 😀', sqlState: 'P0001' },
  ],
  'a position in a file with CRLF line ends': [
    'Applying: 10010_crlf.sql\nApplied: 10010_crlf.sql in 668.293µs\n' +
      'Error: line: 3, column: 2, position: 28: pq: syntax error at or near "selekt" at position 3:2 (42601)\n',
    { message: 'syntax error at or near "selekt"', sqlState: '42601', line: 3, column: 2 },
  ],
  'a COMMIT inside the migration, which has no state': [
    'Applying: 10009_begin.sql\nApplied: 10009_begin.sql in 3.184632ms\nError: pq: unexpected transaction status idle\n',
    { message: 'unexpected transaction status idle' },
  ],
  'a file that dbmate cannot parse': [
    "Applying: 10011_down_missing.sql\nError: dbmate requires each migration to define a down block with '-- migrate:down'\n",
    { message: "dbmate requires each migration to define a down block with '-- migrate:down'" },
  ],
  'a refused password': [
    'Error: pq: password authentication failed for user "postgres" (28P01)\n',
    { message: 'password authentication failed for user "postgres"', sqlState: '28P01' },
  ],
  'a refused connection': [
    'Error: dial tcp 10.143.0.2:5499: connect: connection refused\n',
    { message: 'dial tcp 10.143.0.2:5499: connect: connection refused' },
  ],
  'a database that another run created meanwhile': [
    'Creating: rec\nError: pq: database "rec" already exists (42P04)\n',
    { message: 'database "rec" already exists', sqlState: '42P04' },
  ],
}

describe("dbmate's last words", () => {
  it.each(Object.entries(recorded))('of %s are understood', (_, [output, expected]) => {
    expect(parseDbmateError(output)).toEqual(expected)
  })

  it('keep a position that is part of the message', () => {
    expect(parseDbmateError('Error: pq: no ticket at position 3:8 (P0001)\n').message).toBe(
      'no ticket at position 3:8',
    )
  })

  it.each([
    ['sh: dbmate: not found\n', 'sh: dbmate: not found'],
    ['  \n', 'dbmate said nothing'],
    ['', 'dbmate said nothing'],
  ])('of another kind, %j, are passed on', (output, message) => {
    expect(parseDbmateError(output)).toEqual({ message })
  })
})
