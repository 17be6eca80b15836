import { describe, expect, it } from 'vitest'
import { resolveEndpoint } from '../../../../src/io/docker/endpoint.ts'
import type { Shell } from '../../../../src/io/host/shell.ts'
import { temporaryDirectory } from '../../support/fixtures.ts'

/** A docker CLI that knows some contexts. */
const cli =
  (contexts: Record<string, string>): Shell =>
  async (_, args) => {
    const host = contexts[args[2] ?? '']
    return host === undefined
      ? { exitCode: 1, stdout: '', stderr: `context "${args[2]}" does not exist\n` }
      : { exitCode: 0, stdout: `${host}\n`, stderr: '' }
  }

const contexts = { colima: 'unix:///colima.sock', far: 'ssh://me@far', tls: 'tcp://far:2376' }

type Case = {
  title: string
  env: Record<string, string>
  config?: object
  expected: object
}

const cases: Case[] = [
  {
    title: 'the default socket, where nothing is set',
    env: {},
    expected: { host: 'unix:///var/run/docker.sock' },
  },
  { title: 'DOCKER_HOST', env: { DOCKER_HOST: 'tcp://h:2375' }, expected: { host: 'tcp://h:2375' } },
  {
    title: 'DOCKER_HOST before any context',
    env: { DOCKER_HOST: 'unix:///mine.sock', DOCKER_CONTEXT: 'colima' },
    expected: { host: 'unix:///mine.sock' },
  },
  {
    title: 'the current context of config.json',
    env: {},
    config: { currentContext: 'colima' },
    expected: { host: 'unix:///colima.sock' },
  },
  {
    title: 'DOCKER_CONTEXT before the current context',
    env: { DOCKER_CONTEXT: 'tls' },
    config: { currentContext: 'colima' },
    expected: { host: 'tcp://far:2376' },
  },
  {
    title: 'the default context, asked for by name',
    env: { DOCKER_CONTEXT: 'default' },
    config: { currentContext: 'colima' },
    expected: { host: 'unix:///var/run/docker.sock' },
  },
  {
    title: 'an empty DOCKER_HOST, which counts as none',
    env: { DOCKER_HOST: '' },
    config: { currentContext: 'colima' },
    expected: { host: 'unix:///colima.sock' },
  },
  {
    title: 'with TLS',
    env: { DOCKER_HOST: 'tcp://h:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' },
    expected: { host: 'tcp://h:2376', tls: { directory: '/certs' } },
  },
]

describe("Docker's endpoint", () => {
  it.each(cases)('is $title', async ({ env, config, expected }) => {
    using home = temporaryDirectory()
    if (config) home.write('config.json', JSON.stringify(config))
    expect(await resolveEndpoint({ DOCKER_CONFIG: home.path, ...env }, cli(contexts))).toEqual(expected)
  })

  it.each([
    ['DOCKER_HOST', { DOCKER_HOST: 'ssh://me@far' }],
    ['a context', { DOCKER_CONTEXT: 'far' }],
  ])('over ssh by %s is refused', async (_, env) => {
    await expect(resolveEndpoint(env, cli(contexts))).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining('ssh://me@far'),
    })
  })

  it('of an unknown context is an error with the words of the docker CLI', async () => {
    await expect(resolveEndpoint({ DOCKER_CONTEXT: 'nope' }, cli(contexts))).rejects.toMatchObject({
      exitCode: 6,
      message: 'The Docker context "nope" cannot be read: context "nope" does not exist',
      hint: 'docker context ls',
    })
  })
})
