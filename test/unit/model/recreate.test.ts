import { describe, expect, it } from 'vitest'
import {
  alterRole,
  createDatabaseLike,
  createRole,
  databaseProperties,
  grantMembership,
  grantsAmong,
} from '../../../src/model/recreate.ts'
import { parseRolePasswords } from '../../../src/model/role-passwords.ts'
import { Secret } from '../../../src/model/secret.ts'
import { database, role } from '../../support/tool/inventories.ts'

describe('grants of a database', () => {
  it("stay without a grantee who is gone, and are the owner's where their grantor is", () => {
    const acl = ['=Tc/gone', 'gone=CTc/gone', 'app=c/gone', '"a b"=c/app']
    const isThere = (name: string): boolean => name !== 'gone'
    expect(grantsAmong(acl, { owner: 'new "one"', isThere })).toEqual([
      '=Tc/"new ""one"""',
      'app=c/"new ""one"""',
      '"a b"=c/app',
    ])
  })
})

describe('making a database again', () => {
  it.each([
    [
      'libc, before providers had a name',
      database('a'),
      14,
      `create database "new" template template0 encoding 'UTF8' lc_collate 'en_US.utf8' lc_ctype 'en_US.utf8'`,
    ],
    [
      'icu with rules',
      database('a', { provider: 'i', locale: 'de', icuRules: '&a < b' }),
      17,
      `create database "new" template template0 encoding 'UTF8' locale_provider icu lc_collate 'en_US.utf8' lc_ctype 'en_US.utf8' icu_locale 'de' icu_rules '&a < b'`,
    ],
    [
      'builtin',
      database('a', { provider: 'b', locale: 'C.UTF-8' }),
      17,
      `create database "new" template template0 encoding 'UTF8' locale_provider builtin lc_collate 'en_US.utf8' lc_ctype 'en_US.utf8' builtin_locale 'C.UTF-8'`,
    ],
  ])('names the locale: %s', (...[, properties, major, sql]) => {
    expect(createDatabaseLike(properties, 'new', { major, tablespace: false })).toBe(sql)
  })

  it('takes the tablespace along where it is asked to', () => {
    const sql = createDatabaseLike(database('a', { tablespace: 'fast' }), 'new', {
      major: 17,
      tablespace: true,
    })
    expect(sql).toMatch(/ tablespace "fast"$/)
  })

  it('gives it owner, grants, settings, comment and limit', () => {
    const properties = database('a', {
      owner: 'app',
      acl: ['"Od d"=c*/app', '=T/app', 'app=CTc/app', 'reader=c/lead'],
      settings: [
        { role: null, values: ['work_mem=7MB'] },
        { role: 'reader', values: ['statement_timeout=5s'] },
      ],
      comment: "it's here",
      connectionLimit: 9,
    })
    expect(databaseProperties(properties, 'new')).toEqual([
      'alter database "new" owner to "app"',
      'revoke all on database "new" from public, "app"',
      'grant connect on database "new" to "Od d" with grant option',
      'grant temporary on database "new" to public',
      'grant create on database "new" to "app"',
      'grant temporary on database "new" to "app"',
      'grant connect on database "new" to "app"',
      'set role "lead"; grant connect on database "new" to "reader"; reset role',
      `alter database "new" set "work_mem" to '7MB'`,
      `alter role "reader" in database "new" set "statement_timeout" to '5s'`,
      `comment on database "new" is 'it''s here'`,
      'alter database "new" connection limit 9',
    ])
  })
})

describe('making a role again', () => {
  const app = role('app', {
    createDatabase: true,
    validUntil: '2030-01-01 00:00:00.000000+00',
    settings: ['search_path=a, "B c"'],
    comment: 'the app',
  })
  const attributes =
    "nosuperuser inherit nocreaterole createdb login noreplication nobypassrls connection limit -1 valid until '2030-01-01 00:00:00.000000+00'"

  it('gives a new one its verifier', () => {
    expect(createRole(app, new Secret('SCRAM-SHA-256$4096:x'))).toEqual([
      `create role "app" with ${attributes} password 'SCRAM-SHA-256$4096:x'`,
      `alter role "app" set "search_path" to 'a', 'B c'`,
      `comment on role "app" is 'the app'`,
    ])
  })

  it('leaves the password of one that is there', () => {
    expect(alterRole(app)[0]).toBe(`alter role "app" with ${attributes}`)
  })

  it.each([
    [17, ' with admin true, inherit false, set true'],
    [15, ' with admin option'],
  ])('grants a membership as Postgres %i has it', (major, options) => {
    const membership = { role: 'lead', grantor: 'postgres', admin: true, inherit: false, set: true }
    expect(grantMembership('app', membership, major)).toBe(
      `grant "lead" to "app"${options} granted by "postgres"`,
    )
    expect(grantMembership('app', { ...membership, grantor: undefined }, major)).toBe(
      `grant "lead" to "app"${options}`,
    )
  })
})

describe('the verifiers in what pg_dumpall wrote', () => {
  const globals = `CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER INHERIT LOGIN PASSWORD 'SCRAM-SHA-256$4096:abc=$d:e' VALID UNTIL '2030-01-01 00:00:00+00';
CREATE ROLE "Od ""d";
ALTER ROLE "Od ""d" WITH NOSUPERUSER LOGIN PASSWORD 'md5''x';
ALTER ROLE none WITH NOSUPERUSER NOLOGIN;
ALTER ROLE app SET search_path TO 'WITH PASSWORD';
`

  it('are found by the name of their role', () => {
    const found = parseRolePasswords(globals)
    expect([...found].map(([name, secret]) => [name, secret.reveal()])).toEqual([
      ['app', 'SCRAM-SHA-256$4096:abc=$d:e'],
      ['Od "d', "md5'x"],
    ])
  })

  it('show nowhere', () => {
    expect(JSON.stringify([...parseRolePasswords(globals)])).not.toContain('SCRAM')
  })
})
