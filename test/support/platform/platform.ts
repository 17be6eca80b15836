import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { docker, eventually, run } from '../engine/docker.ts'
import { standInImage } from '../engine/images.ts'
import { runTool, type ToolOptions, type ToolResult } from '../tool/tool.ts'
import { makeStacks, type Stacks } from './stacks.ts'

/** The VPS as it runs for years: qual and prod served, and beside them a database, roles and settings that nobody manages. */
export type Platform = AsyncDisposable & {
  stacks: Stacks
  tool: (args: string, options?: Partial<ToolOptions>) => Promise<ToolResult>
  /** As the superuser, in the shared server. */
  psql: (database: string, sql: string) => Promise<string>
  /** Ids of the application containers, sorted; they never change. */
  containers: () => Promise<string[]>
  /** The environment of the tool there. */
  env: Record<string, string>
  /** Until every service answers that its schema is there. */
  healthy: () => Promise<void>
  /** Everything that must survive: rows with their checksums, roles with passwords, owners, grants, settings. */
  fingerprint: () => Promise<string>
  /** Rows of the managed databases: gone after a cutover, back after its undoing. */
  managedRows: () => Promise<string>
  copies: () => Promise<string[]>
  /** Containers that work on the volume. */
  leftovers: () => Promise<string>
}

const services = ['iam-service', 'calendar-service', 'ai-service']
const here = { PO_MIGRATE_HERE: '1' }

const unmanaged = `
create role reporter login password 'it''s secret' connection limit 7;
create role auditors nologin;
grant auditors to reporter with admin option;
alter role reporter set statement_timeout = '30s';
create database booking_qual owner reporter;
alter database booking_qual set work_mem = '13MB';
grant connect on database booking_qual to auditors;
alter database iam_qual set search_path = 'public', 'extra';
alter role reporter in database iam_qual set lock_timeout = '3s';
alter system set work_mem = '5MB'`

/** Given by hand in a managed database, on what its migrations make. */
const byHand = `
grant select on users to reporter;
grant update (locale), select (email) on users to auditors with grant option;
grant create, usage on schema public to auditors;
grant execute on function set_updated_at() to reporter;
alter default privileges for role postgres in schema public grant select on tables to reporter;
alter table user_credentials owner to auditors;
insert into users (email, display_name) values ('guest@example.org', 'before')`

const booking = (rows: number): string => `
create table bookings (id bigint generated always as identity primary key, who text not null, data text);
insert into bookings (who, data) select 'guest ' || n, md5(n::text) from generate_series(1, ${rows}) as n;
create index on bookings (who);
alter table bookings owner to reporter;
grant select on bookings to auditors;
create view recent as select * from bookings where id > 10;
select setval('bookings_id_seq', 700000)`

const sorted = (acl: string): string => `array(select item::text from unnest(${acl}) as item order by 1)`
const fingerprintSql = {
  iam_qual: `select relname, pg_get_userbyid(relowner), ${sorted('relacl')} from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'schema_migrations' order by 1;
    select attname, ${sorted('attacl')} from pg_attribute where attacl is not null and attrelid = 'users'::regclass order by 1;
    select ${sorted('nspacl')} from pg_namespace where nspname = 'public';
    select ${sorted('proacl')} from pg_proc where proname = 'set_updated_at';
    select defaclobjtype, ${sorted('defaclacl')} from pg_default_acl`,
  booking_qual: `select count(*), md5(string_agg(b::text, '' order by id)) from bookings b;
    select relname, pg_get_userbyid(relowner), relacl from pg_class where relname in ('bookings', 'recent') order by 1;
    select last_value from bookings_id_seq`,
  postgres: `select rolname, rolpassword, rolconnlimit, rolcanlogin from pg_authid where rolname in ('reporter', 'auditors') order by 1;
    select pg_get_userbyid(member), pg_get_userbyid(roleid), admin_option from pg_auth_members
      where pg_get_userbyid(member) = 'reporter';
    select name, setting from pg_file_settings where sourcefile like '%auto.conf';
    select d.datname, r.rolname, s.setconfig from pg_db_role_setting s
      left join pg_database d on d.oid = setdatabase left join pg_roles r on r.oid = setrole order by 1, 2;
    select datname, pg_get_userbyid(datdba), array(select item::text from unnest(datacl) as item order by 1)
      from pg_database where datname = 'booking_qual'`,
}

const managedSql = "select coalesce(string_agg(display_name, ' ' order by display_name), 'none') from users"

/** One managed database and one service an environment: a cutover of it takes a third of the time. */
const shrink = ({ directory }: Stacks): void => {
  const edit = (path: string, change: (document: ReturnType<typeof parseDocument>) => void): void => {
    const file = join(directory, 'infrastructure', path)
    const document = parseDocument(readFileSync(file, 'utf8'))
    change(document)
    writeFileSync(file, document.toString())
  }
  edit('migrate.yaml', (config) => config.set('databases', { iam: {} }))
  edit('compose/shared.yml', (compose) =>
    compose.setIn(
      ['services', 'postgres', 'environment', 'POSTGRES_MULTIPLE_DATABASES'],
      'iam_qual,iam_prod',
    ),
  )
  for (const name of ['qualification', 'production'])
    edit(`compose/${name}.yml`, (compose) => {
      for (const service of services.slice(1)) compose.deleteIn(['services', service])
    })
}

export type PlatformOptions = {
  /** Of booking. */
  rows?: number
  small?: boolean
}

/** A platform of its own. */
export const makePlatform = async ({
  rows = 2000,
  small = false,
}: PlatformOptions = {}): Promise<Platform> => {
  const stacks = makeStacks()
  if (small) shrink(stacks)
  const images = services.map((name) => `${stacks.env.REGISTRY}/${name}:trial`)
  stacks.write('infrastructure/compose/.env.shared', "POSTGRES_PASSWORD='s3cret for the platform'\n", 0o600)
  for (const image of images) await docker(['tag', standInImage, image])
  const tool: Platform['tool'] = (args, options = {}) =>
    runTool(args.split(' '), {
      cwd: stacks.directory,
      ...options,
      env: { ...stacks.env, ...here, ...options.env },
    })
  const psql: Platform['psql'] = (database, sql) => {
    const container = `${stacks.env.PO_SHARED_PROJECT}-postgres-1`
    return docker([
      'exec',
      container,
      'psql',
      '-U',
      'postgres',
      '-d',
      database,
      '-v',
      'ON_ERROR_STOP=1',
      '-XAtqc',
      sql,
    ])
  }
  const containers = async (): Promise<string[]> => {
    const found: string[] = []
    for (const file of ['qualification', 'production'])
      found.push(...(await stacks.compose(file, 'ps', '--all', '--quiet')).stdout.split('\n').filter(Boolean))
    return found.sort()
  }
  const healthy = async (): Promise<void> => {
    await eventually(
      'the services to be healthy',
      async () => {
        const states = await docker([
          'inspect',
          '--format',
          '{{.State.Health.Status}}',
          ...(await containers()),
        ])
        return states.split('\n').every((state) => state === 'healthy') || undefined
      },
      60_000,
    )
  }
  const must = async (what: Promise<ToolResult>): Promise<void> => {
    const { exit, stderr } = await what
    if (exit !== 0) throw new Error(stderr)
  }
  await must(tool('start vps'))
  await must(tool('up qual'))
  await must(tool('up prod --confirm yes'))
  for (const statement of unmanaged.split(';')) await psql('postgres', statement)
  await psql('booking_qual', booking(rows))
  await psql('iam_qual', byHand)
  for (const file of ['qualification', 'production']) {
    const { exit, stderr } = await stacks.compose(file, 'up', '--detach', '--no-build')
    if (exit !== 0) throw new Error(stderr)
  }
  await healthy()
  return {
    stacks,
    tool,
    psql,
    containers,
    env: { ...stacks.env, ...here },
    healthy,
    fingerprint: async () => {
      const found: string[] = []
      for (const [database, sql] of Object.entries(fingerprintSql)) found.push(await psql(database, sql))
      return found.join('\n')
    },
    managedRows: () => psql('iam_qual', managedSql),
    copies: async () => {
      const filter = `label=po-migrate.copy-of=${stacks.env.PO_VOLUME}`
      return (await docker(['volume', 'ls', '--quiet', '--filter', filter])).split('\n').filter(Boolean)
    },
    leftovers: () => docker(['ps', '-aq', '--filter', `label=po-migrate.volume=${stacks.env.PO_VOLUME}`]),
    [Symbol.asyncDispose]: async () => {
      await stacks[Symbol.asyncDispose]()
      await run('docker', ['image', 'rm', ...images])
    },
  }
}
