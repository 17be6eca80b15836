import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { lookAtDisk, pasteAsSuperuser, pasteSql } from '../../../src/model/paste.ts'

/** The arguments that a POSIX shell makes of a command line. */
const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', `set -- ${command}; for word in "$@"; do printf '%s\\0' "$word"; done`], {
    encoding: 'utf8',
  })
    .split('\0')
    .slice(0, -1)

const server = { label: 'pg-1', user: 'postgres', port: 5432, maintenance: 'postgres' }
const psql = ['docker', 'exec', 'pg-1', 'psql', '-X', '-v', 'ON_ERROR_STOP=1']

describe('a command to paste', () => {
  it('does statements that belong together in one transaction, and stops at the first error', () => {
    expect(pasteSql(server, 'crm', ['insert into a values (1);', 'select 2;'])).toBe(
      "docker exec pg-1 psql -X -v ON_ERROR_STOP=1 -1 -U postgres -d 'crm' -c 'insert into a values (1);' -c 'select 2;'",
    )
  })

  it.each([
    ['drop index concurrently a;', 'drop index concurrently b;'],
    ['drop database if exists "a" with (force)', 'drop database if exists "b" with (force)'],
    ['select 1', 'ALTER SYSTEM set x = 1'],
  ])('hands each statement to psql by itself where %j allows no transaction', (...statements) => {
    expect(wordsOf(pasteSql(server, 'crm', statements))).not.toContain('-1')
  })

  it('is for the server of the config: its user and its port', () => {
    const words = wordsOf(pasteSql({ ...server, user: "o'neil & co", port: 5433 }, 'crm', ['select 1']))
    expect(words).toEqual([...psql, '-U', "o'neil & co", '-p', '5433', '-d', 'crm', '-c', 'select 1'])
  })

  it('asks a server that is no container at its address, with the TLS of the config', () => {
    const tls = { mode: 'verify-full' as const, ca: { path: '/a b/ca.pem', text: '' } }
    const address = { host: 'db.example.org', tls }
    expect(pasteSql({ ...server, port: 5433, address }, 'crm', ['select 1'])).toBe(
      "PGSSLMODE=verify-full PGSSLROOTCERT='/a b/ca.pem' psql -X -v ON_ERROR_STOP=1 -h db.example.org -U postgres -p 5433 -d 'crm' -c 'select 1'",
    )
    expect(pasteAsSuperuser({ ...server, user: 'app', address }, 'crm', ['select 1'])).toContain(
      '-U postgres ',
    )
  })

  it('is typed on the node that has the container, where a swarm has it elsewhere', () => {
    const inside = { node: 'worker-2', container: 'c0ffee' }
    const address = { host: 'tasks.shop_postgres', tls: { mode: 'disable' as const }, inside }
    expect(pasteSql({ ...server, address }, 'crm', ['select 1'])).toBe(
      "on the node worker-2: docker exec c0ffee psql -X -v ON_ERROR_STOP=1 -U postgres -d 'crm' -c 'select 1'",
    )
    expect(pasteAsSuperuser({ ...server, address }, 'crm', ['select 1'])).toContain(
      'on the node worker-2: docker exec c0ffee sh -c ',
    )
    expect(lookAtDisk({ ...server, address })).toBe('on the node worker-2: docker exec c0ffee df -h')
  })

  it("finds the container's superuser, where the user of the config is the one in need", () => {
    const [, , , ...inside] = wordsOf(pasteAsSuperuser(server, 'postgres', ['alter role "it\'s" login']))
    expect(inside.slice(0, 2)).toEqual(['sh', '-c'])
    const script = inside[2]?.replace('psql', 'set --') ?? ''
    expect(wordsOf(`; POSTGRES_USER=boss; ${script}`).slice(-6)).toEqual([
      '-U',
      'boss',
      '-d',
      'postgres',
      '-c',
      'alter role "it\'s" login',
    ])
  })

  it.each([
    "insert into t values ('it''s');",
    'drop index concurrently "Mixed $HOME `id` \\ case";',
    "select '$(id)', E'\\n';",
    'select 1;\nselect 2;',
  ])('brings %j through a shell unchanged', (sql) => {
    expect(wordsOf(pasteSql(server, 'crm_qual', [sql]))).toEqual([
      ...[...psql, '-U', 'postgres', '-d', 'crm_qual', '-c', sql],
    ])
  })
})
