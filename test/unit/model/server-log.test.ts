import { describe, expect, it } from 'vitest'
import { findLogged } from '../../../src/model/server-log.ts'

/** Recorded: the log of the official Postgres 17 image while dbmate 2.36.0 ran these up blocks. */
const log = `2026-11-22 19:27:18.437 UTC [106] ERROR:  syntax error at or near "tabel" at character 47
2026-11-22 19:27:18.437 UTC [106] STATEMENT:  -- migrate:up
	create table u (id int);
	create tabel v (id int);
	
	
2026-11-22 19:27:18.574 UTC [112] ERROR:  new row for relation "t" violates check constraint "t_kind_check"
2026-11-22 19:27:18.574 UTC [112] DETAIL:  Failing row contains (2, ).
2026-11-22 19:27:18.574 UTC [112] CONTEXT:  SQL statement "insert into t values (2, '')"
	PL/pgSQL function inline_code_block line 3 at SQL statement
2026-11-22 19:27:18.574 UTC [112] STATEMENT:  -- migrate:up
	do $$
	begin
	  insert into t values (2, '');
	end
	$$;
	
2026-11-22 19:27:18.639 UTC [115] ERROR:  duplicate key value violates unique constraint "t_pkey"
2026-11-22 19:27:18.639 UTC [115] DETAIL:  Key (id)=(1) already exists.
2026-11-22 19:27:18.639 UTC [115] STATEMENT:  -- migrate:up
	insert into t values (1, 'b');
	
2026-11-22 19:27:18.720 UTC [118] ERROR:  Error: two lines
	Error: the second (ABCDE)
2026-11-22 19:27:18.720 UTC [118] DETAIL:  first detail line
		indented detail
2026-11-22 19:27:18.720 UTC [118] HINT:  ask the owner
2026-11-22 19:27:18.720 UTC [118] CONTEXT:  PL/pgSQL function inline_code_block line 3 at RAISE
2026-11-22 19:27:18.720 UTC [118] STATEMENT:  -- migrate:up
	do $$
	begin
	  raise exception E'Error: two lines\\nError: the second (ABCDE)' using hint = 'ask the owner', detail = E'first detail line\\n\\tindented detail', errcode = 'P0042';
	end
	$$;
	
2026-11-22 19:27:18.892 UTC [127] WARNING:  there is already a transaction in progress
2026-11-22 19:27:18.894 UTC [127] ERROR:  division by zero
2026-11-22 19:27:18.894 UTC [127] STATEMENT:  -- migrate:up
	begin; create table w (id int); commit; select 1/0;
	
2026-11-22 19:27:18.956 UTC [130] ERROR:  syntax error at or near "selekt" at character 28
2026-11-22 19:27:18.956 UTC [130] HINT:  written in by hand
2026-11-22 19:27:18.956 UTC [130] STATEMENT:  -- migrate:up\r
	select 1;\r
		selekt 2;\r
	
`

const checkBlock = "-- migrate:up\ndo $$\nbegin\n  insert into t values (2, '');\nend\n$$;\n"

describe('what Postgres logged beside an error', () => {
  it('is found by the statement: DETAIL and CONTEXT of several lines', () => {
    expect(findLogged(log, checkBlock)).toEqual([
      'DETAIL: Failing row contains (2, ).',
      'CONTEXT: SQL statement "insert into t values (2, \'\')"\nPL/pgSQL function inline_code_block line 3 at SQL statement',
    ])
  })

  it('keeps the order DETAIL, HINT, CONTEXT, and the indentation of their lines', () => {
    const statement = log.slice(log.lastIndexOf('-- migrate:up', log.indexOf("raise exception E'Error")))
    const block = statement.slice(0, statement.indexOf('\n2026')).replaceAll('\n\t', '\n')
    expect(findLogged(log, block)).toEqual([
      'DETAIL: first detail line\n\tindented detail',
      'HINT: ask the owner',
      'CONTEXT: PL/pgSQL function inline_code_block line 3 at RAISE',
    ])
  })

  it('is found for a statement with CRLF line ends and tabs of its own', () => {
    expect(findLogged(log, '-- migrate:up\r\nselect 1;\r\n\tselekt 2;\r\n')).toEqual([
      'HINT: written in by hand',
    ])
  })

  it.each([
    ['an error that has none', '-- migrate:up\ncreate table u (id int);\ncreate tabel v (id int);\n\n'],
    ['a statement that never failed', '-- migrate:up\nselect 42;\n'],
    ['a part of a statement', '-- migrate:up\ndo $$\nbegin\n'],
  ])('is nothing for %s', (_, statement) => {
    expect(findLogged(log, statement)).toEqual([])
  })

  it('is nothing in an empty log', () => {
    expect(findLogged('', checkBlock)).toEqual([])
  })

  it('is told apart from what other backends wrote in between', () => {
    const interleaved = `2026-11-22 19:27:21.308 UTC [155] ERROR:  late
2026-11-22 19:27:21.308 UTC [176] NOTICE:  n[1]
2026-11-22 19:27:21.308 UTC [155] HINT:  late hint
2026-11-22 19:27:21.308 UTC [176] WARNING:  w
2026-11-22 19:27:21.308 UTC [176] HINT:  other hint
2026-11-22 19:27:21.308 UTC [176] CONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE
2026-11-22 19:27:21.308 UTC [155] STATEMENT:  -- migrate:up
	select late();
2026-11-22 19:27:21.416 UTC [176] ERROR:  division by zero
2026-11-22 19:27:21.416 UTC [176] STATEMENT:  select 1/0
`
    expect(findLogged(interleaved, '-- migrate:up\nselect late();\n')).toEqual(['HINT: late hint'])
    expect(findLogged(interleaved, 'select 1/0')).toEqual([])
  })

  it('is that of the last error, when the statement failed twice', () => {
    const twice = ['first', 'second']
      .map((hint) => `x UTC [7] ERROR:  e\nx UTC [7] HINT:  ${hint}\nx UTC [7] STATEMENT:  select f()\n`)
      .join('')
    expect(findLogged(twice, 'select f()')).toEqual(['HINT: second'])
  })

  it('does not mix a warning of the same backend into the error that follows', () => {
    const warned = `x [7] WARNING:  w\nx [7] HINT:  of the warning\nx [7] ERROR:  e\nx [7] DETAIL:  of the error\nx [7] STATEMENT:  select f()\n`
    expect(findLogged(warned, 'select f()')).toEqual(['DETAIL: of the error'])
  })

  it('leaves out the source location of a verbose log', () => {
    const verbose = `2026-11-22 19:27:21.665 UTC [183] ERROR:  22P02: invalid input syntax for type integer: "x" at character 8
2026-11-22 19:27:21.665 UTC [183] HINT:  a number
2026-11-22 19:27:21.665 UTC [183] LOCATION:  pg_strtoint32_safe, numutils.c:616
2026-11-22 19:27:21.665 UTC [183] STATEMENT:  select 'x'::int
`
    expect(findLogged(verbose, "select 'x'::int")).toEqual(['HINT: a number'])
  })

  it('survives a statement that quotes a log line', () => {
    const quoting = `x [7] ERROR:  e\nx [7] HINT:  h\nx [7] STATEMENT:  select 'x [9] ERROR:  no'\n\t, 'x [9] HINT:  no'\n`
    expect(findLogged(quoting, "select 'x [9] ERROR:  no'\n, 'x [9] HINT:  no'")).toEqual(['HINT: h'])
  })
})
