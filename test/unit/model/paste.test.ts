import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { pasteSql } from '../../../src/model/paste.ts'

/** The arguments that a POSIX shell makes of a command line. */
const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', `set -- ${command}; for word in "$@"; do printf '%s\\0' "$word"; done`], {
    encoding: 'utf8',
  })
    .split('\0')
    .slice(0, -1)

describe('a command to paste', () => {
  it('hands each statement to psql by itself, so that none shares a transaction', () => {
    expect(pasteSql('pg-1', 'crm', ['select 1;', 'select 2;'])).toBe(
      "docker exec pg-1 psql -U postgres -d 'crm' -c 'select 1;' -c 'select 2;'",
    )
  })

  it.each([
    "insert into t values ('it''s');",
    'drop index concurrently "Mixed $HOME `id` \\ case";',
    "select '$(id)', E'\\n';",
    'select 1;\nselect 2;',
  ])('brings %j through a shell unchanged', (sql) => {
    expect(wordsOf(pasteSql('pg-1', 'crm_qual', [sql]))).toEqual([
      ...['docker', 'exec', 'pg-1', 'psql', '-U', 'postgres', '-d', 'crm_qual', '-c', sql],
    ])
  })
})
