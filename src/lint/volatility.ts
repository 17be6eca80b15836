import type { Node } from 'libpg-query'
import { findNodes, plainName } from './ast.ts'

/**
 * Functions that people write in a DEFAULT and that Postgres calls once for an ALTER TABLE, not once a row:
 * none is volatile in pg_proc. Of any other function the file alone cannot tell.
 */
export const steadyFunctions: ReadonlySet<string> = new Set([
  ...[
    'now',
    'transaction_timestamp',
    'statement_timestamp',
    'timezone',
    'date_trunc',
    'date_part',
    'extract',
  ],
  ...['to_timestamp', 'to_date', 'to_char', 'make_date', 'make_interval', 'make_timestamptz', 'age'],
  ...['current_setting', 'current_database', 'current_schema', 'txid_current', 'pg_current_xact_id'],
  ...[
    'lower',
    'upper',
    'md5',
    'sha256',
    'concat',
    'format',
    'length',
    'substring',
    'replace',
    'repeat',
    'encode',
  ],
  ...[
    'decode',
    'btrim',
    'left',
    'right',
    'abs',
    'round',
    'floor',
    'ceil',
    'power',
    'array_length',
    'cardinality',
  ],
  ...[
    'json_build_object',
    'json_build_array',
    'jsonb_build_object',
    'jsonb_build_array',
    'to_json',
    'to_jsonb',
  ],
  ...['int4range', 'int8range', 'numrange', 'daterange', 'tsrange', 'tstzrange', 'to_tsvector'],
])

/** The first function of a DEFAULT that is volatile, or may be. */
export const findVolatile = (expression: Node): string | undefined =>
  findNodes('FuncCall', expression)
    .map((call) => plainName(call.funcname))
    .find((name) => !steadyFunctions.has(name))
