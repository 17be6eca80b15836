import { migration } from '../tool/project.ts'

const fileName = (number: number, what: string): string => `${String(number).padStart(5, '0')}_${what}.sql`

const tableOf = (number: number): string =>
  `create table t${number} (
  id bigint generated always as identity primary key,
  parent_id bigint ${number > 1 ? `references t${number - 1} on delete cascade` : ''},
  name varchar(80) not null,
  kind varchar(9) not null default 'a' check (kind in ('a', 'b', 'c')),
  total numeric(12, 2) not null default 0,
  tags text[] not null default '{}',
  created_at timestamptz not null default now(),
  payload jsonb
);
create index t${number}_parent on t${number} (parent_id);
create unique index t${number}_name on t${number} (lower(name)) where kind <> 'c';
comment on table t${number} is 'Number ${number}';`

/** As large as public ones are: files that make so many tables each, with keys, indexes, checks and comments. */
export const publicSizeStore = (files: number, tables: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: files }, (_, file) => {
      const numbers = Array.from({ length: tables }, (_, table) => file * tables + table + 1)
      const down = numbers.toReversed().map((number) => `drop table t${number};`)
      return [fileName(file + 1, 'tables'), migration(numbers.map(tableOf).join('\n'), down.join('\n'))]
    }),
  )

/** Few files with thousands of small tables. */
export const wideStore = (files: number, tables: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: files }, (_, file) => {
      const loop = (sql: string): string =>
        `do $$ begin for i in 1..${tables} loop execute format('${sql}', i); end loop; end $$;`
      return [
        fileName(file + 1, 'wide'),
        migration(loop(`create table w${file}_%s (id int, n int)`), loop(`drop table w${file}_%s`)),
      ]
    }),
  )
