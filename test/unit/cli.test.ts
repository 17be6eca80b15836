import { describe, expect, it } from 'vitest'
import { eventDocument } from '../../src/report/run-documents.ts'
import { makeProject, migration } from '../support/tool/project.ts'
import { runTool } from '../support/tool/tool.ts'

const project = () =>
  makeProject({
    network: 'net',
    store: { iam: { '00001_a.sql': migration('') }, rag: { '00001_a.sql': migration('') } },
  })

const tool = async (...args: string[]) => {
  using made = project()
  return await runTool(args, { cwd: made.directory, env: { DOCKER_HOST: 'unix:///no/such/engine.sock' } })
}

describe('the command line', () => {
  it.each([
    ['an unknown verb, with the one that was meant', ['stauts'], 'status'],
    ['an unknown flag', ['status', '--wrong'], 'wrong'],
    ['a missing environment, with those that there are', ['up'], 'up: which environment? dev'],
    ['a missing name', ['new', 'iam'], 'new: which name?'],
    ['a missing flag, with its values', ['rollback', 'dev'], 'rollback: which --db?'],
    ['a flag with a typo', ['rollback', 'dev', '--db', 'iam', '--step', '2'], 'did you mean --steps?'],
    ['a flag with a typo, and no verb', ['--verison'], 'did you mean --version?'],
    ['an argument too many', ['plan', 'dev', 'iam'], 'iam'],
    ['no verb at all', [], 'Which verb?'],
    ['a no to what takes a file', ['plan', 'dev', '--no-config'], 'there is no --no-config'],
    ['a no to what takes a rule', ['lint', '--no-explain'], 'there is no --no-explain'],
    ['--no-db', ['plan', 'dev', '--no-db'], '--db takes the name of a database'],
    ['--db without a name', ['plan', 'dev', '--db'], 'db'],
    ['--db with two names', ['plan', 'dev', '--db', 'iam', 'rag'], 'rag'],
    ['--config without a file', ['plan', 'dev', '--config'], 'config'],
    ['--confirm without a word', ['up', 'dev', '--confirm'], 'confirm'],
    ['an unknown environment, with the one that was meant', ['plan', 'dve'], 'did you mean dev?'],
    ['an unknown database after a known one', ['plan', 'dev', '--db', 'iam', '--db', 'rga'], '"rga"'],
    ['an unknown database before a known one', ['plan', 'dev', '--db', 'rga', '--db', 'iam'], '"rga"'],
    ['a database that looks like a number', ['plan', 'dev', '--db', '007'], '"007"'],
    ['an environment that looks like a number', ['plan', '1e3'], '"1e3"'],
    ['a config that is not there', ['status', '--config', 'nope.yaml'], 'nope.yaml'],
  ])('answers 2 to %s', async (_, args, words) => {
    const { exit, stdout, stderr } = await tool(...args)
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toContain(words)
  })

  it.each([
    ['up --lock-wait 5', 'up: which environment? dev.', 'up dev --lock-wait 5'],
    ['--json up', 'up: which environment? dev.', 'up dev --json'],
    ['restore dev --confirm yes', 'restore: which --from?', 'restore dev --confirm yes --from FROM'],
    ['rollback dev --steps 2', 'rollback: which --db? iam or rag.', 'rollback dev --steps 2 --db iam'],
    [
      '--config=infrastructure/migrate.yaml up',
      'up: which environment? dev.',
      'up dev --config=infrastructure/migrate.yaml',
    ],
    ['rollback dev --step 2', 'rollback has no --step; did you mean --steps?', 'rollback --help'],
    ['plan dev --json --db', 'plan: which --db? iam or rag.', 'plan dev --json --db iam'],
    ['up dev --confirm --db iam', 'up: which --confirm?', 'up dev --db iam --confirm CONFIRM'],
    ['new', 'new: which db? iam or rag.', 'new iam NAME'],
    ['lock dev', 'lock: which action? status or release.', 'lock status dev'],
    ['lock', 'lock: which action? status or release.', 'lock status ENVIRONMENT'],
    ['lock stauts', 'lock: which environment? dev.', 'lock status dev'],
    ['lock --json status', 'lock: which environment? dev.', 'lock status dev --json'],
    ['up --db=iam --no-color', 'up: which environment? dev.', 'up dev --db=iam --no-color'],
    ['--no-rehearse up', 'up: which environment? dev.', 'up dev --no-rehearse'],
    ['upp --jbos 3 dev', 'There is no verb upp; did you mean up?', '--help'],
    ['upp dev --no-rehearse', 'There is no verb upp; did you mean up?', '--help'],
    ['--jbos up dev', 'There is no verb dev: --jbos before the verb took up for its value.', 'up --help'],
    ['up dev --allow-mising 1', 'up has no --allow-mising; did you mean --allow-missing?', 'up --help'],
    ['up dev --jbos 3 prod', 'up has no --jbos; did you mean --jobs?', 'up --help'],
    ['lock stat dev', 'lock: action is status or release, not "stat".', 'lock --help'],
    ['lint --format xml', 'lint: --format is text or codequality, not "xml".', 'lint --help'],
    ['lint --format', 'lint: which --format? text or codequality.', 'lint --format text'],
    ['up dev --rehearse', 'up: which --rehearse? schema or data.', 'up dev --rehearse schema'],
    ['--config infrastructure/migrate.yaml upp dev', 'There is no verb upp; did you mean up?', '--help'],
  ])('keeps what was typed in the line to type: %s', async (typed, what, line) => {
    const { exit, stderr } = await tool(...typed.split(' '))
    expect([exit, stderr]).toEqual([2, `✖ ${what}\n  → po-migrate ${line}\n`])
  })

  it('answers a usage error on one screen, with the next command', async () => {
    const { stderr } = await tool('status', '--wrong')
    expect(stderr).toBe('✖ status has no --wrong.\n  → po-migrate status --help\n')
  })

  it('breaks lines where they are broad in ASCII', async () => {
    const { stderr } = await runTool(['…'.repeat(60)], {
      cwd: '/',
      env: { LANG: 'C', NO_COLOR: '1' },
      typed: '',
    })
    expect(stderr).toContain(`x There is no verb\n    ${'.'.repeat(181)}\n`)
  })

  it.each(['plan', 'up', 'status'])('answers 6 to %s where no Docker engine is', async (verb) => {
    const { exit, stdout, stderr } = await tool(verb, 'dev')
    expect(exit).toBe(6)
    expect(stdout + stderr).toContain('/no/such/engine.sock')
  })

  it('prints a first and a last event with --json, also when nothing could start', async () => {
    const { exit, stdout, stderr } = await tool('up', 'dev', '--json')
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => eventDocument.parse(JSON.parse(line)))
    expect(events).toMatchObject([
      { event: 'run.started', command: 'up', environment: 'dev', plan: null },
      { event: 'run.finished', status: 'failed', exit: 6 },
    ])
    expect({ exit, stderr }).toEqual({ exit: 6, stderr: '' })
  })
})
