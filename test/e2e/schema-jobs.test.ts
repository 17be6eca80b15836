import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { docker } from '../support/engine/docker.ts'
import type { CommandResult } from '../support/machines/checkout.ts'
import { installGitlab, runGitlab } from '../support/machines/gitlab.ts'
import { type ReleaseHost, startReleaseHost } from '../support/machines/release-host.ts'

/** Behind what gitlab-ci-local says of variables that it sets itself. */
const jobList = /\[\s*\{/

let host: ReleaseHost
beforeAll(async () => {
  await installGitlab()
  host = await startReleaseHost()
  const lines = [
    'infrastructure/scripts/release.sh sync prod',
    'infrastructure/scripts/release.sh activate prod',
    'infrastructure/scripts/po-migrate start vps',
    'infrastructure/scripts/release.sh sync qual',
    'infrastructure/scripts/release.sh activate qual',
    'infrastructure/scripts/po-migrate up qual --no-rehearse',
    'infrastructure/scripts/po-migrate up prod --no-rehearse --confirm yes',
  ]
  for (const line of lines) expect(await host.run(line), line).toMatchObject({ exit: 0 })
}, 600_000)
afterAll(() => host[Symbol.asyncDispose]())

/** Runs jobs as GitLab would in a pipeline of this kind. */
const gitlab = (variables: Record<string, string>, ...args: string[]): Promise<CommandResult> => {
  const { PATH = '', HOME = '', DOCKER_HOST = '', DOCKER_CONFIG = '' } = process.env
  const { directory } = host.sshd
  return runGitlab(
    [...args, ...Object.entries(variables).flatMap(([name, value]) => ['--variable', `${name}=${value}`])],
    {
      cwd: host.clone.directory,
      env: { PATH, HOME, LANG: 'C.UTF-8', DOCKER_HOST, DOCKER_CONFIG, ...host.clone.names },
      variables: {
        SSH_PRIVATE_KEY: { file: readFileSync(join(directory, 'user'), 'utf8') },
        SSH_KNOWN_HOSTS: { file: readFileSync(join(directory, 'known_hosts'), 'utf8') },
        PO_VPS_SSH: host.destination,
        PO_VPS_RELEASES: host.releases,
      },
    },
  )
}

describe('the scheduled job drift', () => {
  const scheduled = { CI_PIPELINE_SOURCE: 'schedule', DRIFT: 'yes' }

  it('is part of a schedule that asks for it, and of no other pipeline', async () => {
    const listed = async (variables: Record<string, string>) => {
      const { stdout } = await gitlab(variables, '--list-json')
      const jobs: { name: string; when: string }[] = JSON.parse(stdout.slice(stdout.search(jobList)))
      return jobs.filter(({ name }) => name.startsWith('drift')).map(({ when }) => when)
    }
    expect(await listed(scheduled)).toEqual(['on_success', 'on_success'])
    expect(await listed({ CI_PIPELINE_SOURCE: 'push' })).toEqual(['never', 'never'])
  })

  it('passes where both environments are as their releases make them, and fails with what differs', async () => {
    const clean = await gitlab(scheduled, 'drift')
    expect(clean.exit, clean.all).toBe(0)
    for (const database of ['calendar_qual', 'calendar_prod'])
      expect(clean.all).toContain(`${database} is as its 5 applied files make it`)

    await host.psql('calendar_prod', 'create index by_hand on activity_log (id)')
    const { exit, all } = await gitlab(scheduled, 'drift')
    expect(exit, all).not.toBe(0)
    expect(all).toContain('index public.by_hand is made by no file')
    expect(all).toContain('exit 3 of: infrastructure/scripts/po-migrate drift prod')
    expect(all).toContain('calendar_qual is as its 5 applied files make it')
    expect(all).not.toContain(host.password)
    const server = `${host.clone.names.PO_SHARED_PROJECT}-postgres-1`
    const id = await docker(['inspect', '--format', '{{.Id}}', server])
    expect(await docker(['ps', '--all', '--quiet', '--filter', `label=po-migrate.server=${id}`])).toBe('')
  })
})

describe('the job verify-migrations of a merge request', () => {
  const merging = { CI_PIPELINE_SOURCE: 'merge_request_event' }
  const calendar = 'infrastructure/migrations/calendar'

  it('verifies what the branch adds, and leaves a report of a down section that does not undo', async () => {
    const origin = join(host.releases, 'origin.git')
    host.git('clone', '--quiet', '--bare', '.', origin)
    host.git('remote', 'add', 'origin', origin)
    host.git('fetch', '--quiet', 'origin')
    host.git('checkout', '--quiet', '-b', 'feature')
    host.commit({
      [`${calendar}/00012_good.sql`]:
        '-- migrate:up\ncreate table good (id int);\n\n-- migrate:down\ndrop table good;\n',
    })
    const passed = await gitlab(merging, 'verify-migrations')
    expect(passed.exit, passed.all).toBe(0)
    expect(passed.all).not.toContain('00011_exception_sync_color.sql')
    host.commit({
      [`${calendar}/00013_bad.sql`]:
        '-- migrate:up\ncreate table bad (id int);\ncreate table worse (id int);\n\n-- migrate:down\ndrop table bad;\n',
    })
    rmSync(join(host.clone.directory, 'reports'), { recursive: true, force: true })
    const failed = await gitlab(merging, 'verify-migrations')
    expect(failed.exit, failed.all).not.toBe(0)
    expect(failed.all).toContain('00013_bad.sql')
    const report = (name: string): string => readFileSync(join(host.clone.directory, 'reports', name), 'utf8')
    expect(report('verify.xml')).toMatch(/tests="2" failures="1"/)
    const [finding, ...others] = JSON.parse(report('verify.json'))
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      check_name: 'verify-down',
      location: { path: `${calendar}/00013_bad.sql` },
    })
  })
})
