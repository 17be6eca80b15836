import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../support/engine/docker.ts'
import { postgresImage } from '../support/engine/images.ts'
import { watchService } from '../support/platform/downtime.ts'
import { makePlatform, type Platform } from '../support/platform/platform.ts'

/** The same sequence as a careful person would type it: no proof, no journal, no settings, and every name by heart. */
const byHand = `set -euo pipefail
apps="$(docker ps -q --filter label=com.docker.compose.project=$PO_QUAL_PROJECT) $(docker ps -q --filter label=com.docker.compose.project=$PO_PROD_PROJECT)"
postgres=$PO_SHARED_PROJECT-postgres-1
compose() { docker compose --file infrastructure/compose/shared.yml "$@" </dev/null; }
docker stop $apps
docker exec $postgres pg_dumpall -U postgres --roles-only >roles.sql
docker exec $postgres pg_dump -U postgres -Fc booking_qual >booking.dump
compose stop
docker volume create $PO_VOLUME-by-hand
docker run --rm --entrypoint cp -v $PO_VOLUME:/from:ro -v $PO_VOLUME-by-hand:/to $PO_POSTGRES_IMAGE -a /from/. /to/
compose rm --force
docker volume rm $PO_VOLUME
docker volume create $PO_VOLUME
compose up --detach --wait
docker exec -i $postgres psql -U postgres -q <roles.sql 2>/dev/null || true
$MIGRATE up qual
$MIGRATE up prod --confirm yes
docker exec $postgres createdb -U postgres booking_qual
docker exec -i $postgres pg_restore -U postgres -d booking_qual <booking.dump
docker start $apps
for app in $apps; do until [ "$(docker inspect --format '{{.State.Health.Status}}' $app)" = healthy ]; do sleep 0.2; done; done
docker volume rm $PO_VOLUME-by-hand`

let platform: Platform
beforeAll(async () => {
  platform = await makePlatform({ small: true, rows: 200_000 })
}, 300_000)
afterAll(() => platform[Symbol.asyncDispose]())

type Measured = { total: number; downtime: number }

const measure = async (work: () => Promise<void>): Promise<Measured> => {
  const [service = ''] = await platform.containers()
  const watch = watchService(service)
  const started = Date.now()
  await work()
  const total = Date.now() - started
  await platform.healthy()
  return { total, downtime: await watch.end() }
}

test('cutover vps beside the same sequence in bash', { timeout: 900_000 }, async () => {
  const { tool, psql, stacks, env } = platform
  const rows = 'select count(*) from bookings'
  let predicted = ''
  const ours = await measure(async () => {
    const { exit, stderr, stdout } = await tool('cutover vps --confirm yes')
    expect(exit, stderr).toBe(0)
    predicted = `${/The services will be down.*/.exec(stderr)?.[0]} ${/Down for.*/.exec(stdout)?.[0]}`
  })
  expect(await psql('booking_qual', rows)).toBe('200000')
  const script = join(stacks.directory, 'by-hand.sh')
  writeFileSync(script, byHand)
  const bundle = join(import.meta.dirname, '../../dist/po-migrate.cjs')
  const theirs = await measure(async () => {
    const { exit, stderr } = await run('bash', [script], {
      cwd: stacks.directory,
      env: { ...env, PO_POSTGRES_IMAGE: postgresImage, MIGRATE: `${process.execPath} ${bundle}` },
    })
    expect(exit, stderr).toBe(0)
  })
  expect(await psql('booking_qual', rows)).toBe('200000')
  console.info(JSON.stringify({ ours, theirs, predicted }))
  for (const { downtime, total } of [ours, theirs]) {
    expect(downtime).toBeGreaterThan(1000)
    expect(downtime).toBeLessThan(total + 1000)
  }
})
