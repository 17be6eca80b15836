import { pasteSql } from '../../model/paste.ts'
import { type Explanation, pasteTarget, type Target } from './session-target.ts'

const withoutTriggers = "PGOPTIONS='-c event_triggers=off'"
const disableLoginTriggers = `do $$ declare name text; begin
for name in select evtname from pg_event_trigger where evtevent = 'login' loop
execute format('alter event trigger %I disable', name); end loop; end $$`.replaceAll('\n', ' ')

/** Only a function that runs at the login, an event trigger of Postgres 17, can fail there. */
export const refusedByTrigger = ({ message }: Error, target: Target): Explanation => {
  const { label, database } = target
  const command = pasteSql(pasteTarget(target), database, [disableLoginTriggers])
  return {
    refused: true,
    message: `An event trigger on login lets nobody into ${database} on ${label}: ${message}.`,
    details: ['A superuser gets in without it, and disables it by the command.'],
    hint: command.includes('docker exec ')
      ? command.replace('docker exec ', `docker exec --env ${withoutTriggers} `)
      : `${withoutTriggers} ${command}`,
  }
}
