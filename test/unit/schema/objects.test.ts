import { describe, expect, it } from 'vitest'
import { compareSchemas } from '../../../src/schema/plan/compare-schemas.ts'
import { nameObject } from '../../../src/schema/plan/name-object.ts'
import { parseDump } from '../../../src/schema/plan/objects.ts'

const block = (header: string, body: string): string => `\n\n--\n-- ${header}\n--\n\n${body}\n`
const dump = (...blocks: string[]): string =>
  [
    '--\n-- PostgreSQL database dump\n--\n\n\\restrict 4xK\n\nSET statement_timeout = 0;\nSET row_security = off;\n',
    ...blocks,
    '\n\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict 4xK\n\n',
  ].join('')
const table = (name: string, body = `CREATE TABLE public.${name} (\n    a integer\n);`): string =>
  block(`Name: ${name}; Type: TABLE; Schema: public; Owner: app`, body)

const one = (header: string, body: string) => parseDump(dump(block(header, body)))[0]

describe('parseDump', () => {
  it('finds each block with its header, without the keys that differ each time and the settings around it', () => {
    const objects = parseDump(dump(table('a'), table('b')))
    expect(objects).toEqual([
      {
        kind: 'TABLE',
        name: 'a',
        schema: 'public',
        owner: 'app',
        definition: 'CREATE TABLE public.a (\n    a integer\n);',
      },
      {
        kind: 'TABLE',
        name: 'b',
        schema: 'public',
        owner: 'app',
        definition: 'CREATE TABLE public.b (\n    a integer\n);',
      },
    ])
  })

  it('takes no setting that stands before the next block for a part of this one', () => {
    const text = dump(
      block(
        'Name: f(); Type: FUNCTION; Schema: public; Owner: app',
        "CREATE FUNCTION public.f();\n\n\nSET default_tablespace = '';\n\nSET default_table_access_method = heap;",
      ),
      table('a'),
    )
    expect(parseDump(text)[0]?.definition).toBe('CREATE FUNCTION public.f();')
  })

  it('keeps the tablespace and the access method of a table', () => {
    const text = dump(
      block(
        'Name: f(); Type: FUNCTION; Schema: public; Owner: app',
        'CREATE FUNCTION public.f();\n\nSET default_tablespace = fast;\n\nSET default_table_access_method = heap2;',
      ),
      block(
        'Name: a; Type: TABLE; Schema: public; Owner: app; Tablespace: fast',
        'CREATE TABLE public.a ();',
      ),
    )
    expect(parseDump(text)[1]?.definition).toBe(
      '-- tablespace fast\n-- access method heap2\nCREATE TABLE public.a ();',
    )
  })

  it('leaves out schema and owner where there is none', () => {
    expect(one('Name: sales; Type: SCHEMA; Schema: -; Owner: app', 'CREATE SCHEMA sales;')).toEqual({
      kind: 'SCHEMA',
      name: 'sales',
      owner: 'app',
      definition: 'CREATE SCHEMA sales;',
    })
  })

  it.each([
    [
      'grants',
      'TABLE t; Type: ACL',
      'GRANT SELECT ON TABLE t TO b;\nGRANT SELECT ON TABLE t TO a;',
      'GRANT SELECT ON TABLE t TO a;\nGRANT SELECT ON TABLE t TO b;',
    ],
    [
      'grants by another role, each with its role',
      'TABLE t; Type: ACL',
      'SET SESSION AUTHORIZATION r;\nGRANT SELECT ON TABLE t TO b;\nRESET SESSION AUTHORIZATION;\nGRANT ALL ON TABLE t TO a;',
      'GRANT ALL ON TABLE t TO a;\nSET SESSION AUTHORIZATION r; GRANT SELECT ON TABLE t TO b;',
    ],
    [
      'storage parameters',
      't; Type: TABLE',
      "CREATE TABLE t (\n)\nWITH (fillfactor='70', autovacuum_enabled='false');",
      "CREATE TABLE t (\n)\nWITH (autovacuum_enabled='false', fillfactor='70');",
    ],
    [
      'settings of a function, but not lines of its body',
      'f(); Type: FUNCTION',
      "CREATE FUNCTION f()\n    SET b TO '1'\n    SET a TO '2'\n    AS $$\n    SET z\n    SET y\n$$;",
      "CREATE FUNCTION f()\n    SET a TO '2'\n    SET b TO '1'\n    AS $$\n    SET z\n    SET y\n$$;",
    ],
    [
      'roles of a policy',
      't p; Type: POLICY',
      'CREATE POLICY p ON t TO b, a USING (true);',
      'CREATE POLICY p ON t TO a, b USING (true);',
    ],
    [
      'options of a server',
      's; Type: SERVER',
      "CREATE SERVER s OPTIONS (\n    host 'a',\n    dbname 'b'\n);",
      "CREATE SERVER s OPTIONS (\n    dbname 'b',\n    host 'a'\n);",
    ],
  ])('has one order for %s', (_, ...[head, body, expected]) => {
    expect(one(`Name: ${head}; Schema: public; Owner: app`, body)?.definition).toBe(expected)
  })
})

describe('nameObject', () => {
  it.each([
    ['TABLE', 'sales', 'orders', 'table sales.orders'],
    ['FK CONSTRAINT', 'sales', 'orders orders_fk', 'foreign key orders_fk on sales.orders'],
    ['DEFAULT', 'sales', 'orders id', 'default of sales.orders.id'],
    ['COMMENT', 'sales', 'COLUMN orders.total', 'comment on column sales.orders.total'],
    ['COMMENT', undefined, 'EXTENSION pg_trgm', 'comment on extension pg_trgm'],
    ['ACL', 'sales', 'MATERIALIZED VIEW sums', 'grants on materialized view sales.sums'],
    ['ACL', undefined, 'SCHEMA sales', 'grants on schema sales'],
    [
      'DEFAULT ACL',
      'sales',
      'DEFAULT PRIVILEGES FOR TABLES',
      'default privileges for tables by app in sales',
    ],
    ['EVENT TRIGGER', undefined, 'noting', 'event trigger noting'],
  ] as const)('calls a %s of %s %s', (...[kind, schema, name, expected]) => {
    expect(nameObject({ kind, ...(schema && { schema }), name, owner: 'app', definition: '' })).toBe(expected)
  })
})

describe('compareSchemas', () => {
  it('tells what is missing, what is there beside, and what is another one, and nothing else', () => {
    const expected = parseDump(dump(table('same'), table('gone'), table('other')))
    const found = parseDump(
      dump(table('other', 'CREATE TABLE public.other (\n    b text\n);'), table('more'), table('same')),
    )
    expect(compareSchemas(expected, found)).toEqual([
      { object: 'table public.gone', kind: 'table', expected: expect.stringContaining('gone'), found: null },
      {
        object: 'table public.other',
        kind: 'table',
        expected: expect.stringContaining('integer'),
        found: expect.stringContaining('text'),
      },
      { object: 'table public.more', kind: 'table', expected: null, found: expect.stringContaining('more') },
    ])
  })
})
