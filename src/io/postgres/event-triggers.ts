import type { Session } from './postgres.ts'

export type EventTrigger = { name: string; event: string }

const triggersSql = `
select pg_catalog.quote_ident(evtname) as name, evtevent as event
from pg_catalog.pg_event_trigger where evtenabled not in ('D', 'R') order by 1`

/** Those that act in sessions as ours are. */
export const readEventTriggers = ({ query }: Session): Promise<EventTrigger[]> => query(triggersSql)

const probe = [
  'create schema po_migrate_probe',
  'create table po_migrate_probe.probe (id int)',
  'alter table po_migrate_probe.probe add column note text',
  'create index on po_migrate_probe.probe (id)',
  'drop table po_migrate_probe.probe',
]

/** Why what migrations do is not let through; nothing where it is. All of it is taken back. */
export const tryDefinitions = async ({ query }: Session): Promise<string | undefined> => {
  await query('begin')
  try {
    for (const sql of probe) await query(sql)
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    await query('rollback')
  }
}
