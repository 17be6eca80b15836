import { describe, expect, it } from 'vitest'
import { dockerVariables, resolveEndpoint } from '../../../../src/io/docker/endpoint.ts'
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

const tlsOf = (...files: string[]): string => `${JSON.stringify(files)}\n/store/tls/abc`
const contexts = {
  far_tls: `tcp://far:2376\nfalse\n${tlsOf('ca.pem', 'cert.pem', 'key.pem')}`,
  unverified: `tcp://far\ntrue\nnull\n/store/tls/abc`,
  bare: 'far:2375\nfalse\nnull\n/store/tls/abc',
  colima: 'unix:///colima.sock',
  far: 'ssh://me@far',
  tls: 'tcp://far:2376',
}

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
  {
    title: 'DOCKER_TLS_VERIFY alone, on the port of TLS',
    env: { DOCKER_TLS_VERIFY: '1', DOCKER_CONFIG: '/home/me/.docker' },
    expected: { host: 'tcp://localhost:2376', tls: { directory: '/home/me/.docker' } },
  },
  {
    title: 'DOCKER_TLS_VERIFY and a host without a port',
    env: { DOCKER_TLS_VERIFY: '1', DOCKER_HOST: 'h', DOCKER_CERT_PATH: '/certs' },
    expected: { host: 'tcp://h:2376', tls: { directory: '/certs' } },
  },
  {
    title: 'DOCKER_TLS alone, which believes anybody',
    env: { DOCKER_TLS: '1', DOCKER_CERT_PATH: '/certs' },
    expected: { host: 'tcp://localhost:2376', tls: { directory: '/certs', verify: false } },
  },
  {
    title: 'a socket, which has no TLS',
    env: { DOCKER_TLS_VERIFY: '1', DOCKER_HOST: 'unix:///mine.sock' },
    expected: { host: 'unix:///mine.sock' },
  },
  {
    title: 'a context before DOCKER_TLS_VERIFY',
    env: { DOCKER_TLS_VERIFY: '1', DOCKER_CONTEXT: 'colima' },
    expected: { host: 'unix:///colima.sock' },
  },
  {
    title: 'an empty DOCKER_CONTEXT, which counts as none',
    env: { DOCKER_CONTEXT: '' },
    config: { currentContext: 'colima' },
    expected: { host: 'unix:///colima.sock' },
  },
  {
    title: 'a context with TLS, and its own certificates',
    env: { DOCKER_CONTEXT: 'far_tls' },
    expected: {
      host: 'tcp://far:2376',
      tls: { directory: '/store/tls/abc/docker', files: ['ca.pem', 'cert.pem', 'key.pem'] },
    },
  },
  {
    title: 'a context with TLS that believes anybody',
    env: { DOCKER_CONTEXT: 'unverified' },
    expected: {
      host: 'tcp://far:2376',
      tls: { directory: '/store/tls/abc/docker', files: [], verify: false },
    },
  },
  {
    title: 'a context whose host has no scheme',
    env: { DOCKER_CONTEXT: 'bare' },
    expected: { host: 'tcp://far:2375' },
  },
]

/** As `docker version` of 28.2 names each. */
const hosts: readonly [string, string][] = [
  ['127.0.0.1:2375', 'tcp://127.0.0.1:2375'],
  ['tcp://:2375', 'tcp://localhost:2375'],
  [':2375', 'tcp://localhost:2375'],
  ['localhost', 'tcp://localhost:2375'],
  ['tcp://', 'tcp://localhost:2375'],
  ['[::1]:2375', 'tcp://[::1]:2375'],
  ['tcp://127.0.0.1:2375/engine', 'tcp://127.0.0.1:2375/engine'],
  ['tcp://u:p@127.0.0.1:2375', 'tcp://127.0.0.1:2375'],
  [' tcp://127.0.0.1:2375 ', 'tcp://127.0.0.1:2375'],
  ['tcp://h:80', 'tcp://h:80'],
  ['unix://', 'unix:///var/run/docker.sock'],
]

describe("Docker's endpoint", () => {
  it.each(cases)('is $title', async ({ env, config, expected }) => {
    using home = temporaryDirectory()
    if (config) home.write('config.json', JSON.stringify(config))
    expect(await resolveEndpoint({ DOCKER_CONFIG: home.path, ...env }, cli(contexts))).toEqual(expected)
  })

  it.each(hosts)('by DOCKER_HOST=%s is %s', async (value, host) => {
    expect(await resolveEndpoint({ DOCKER_HOST: value }, cli(contexts))).toEqual({ host })
  })

  it.each(['http://localhost:2375', 'abc://def', 'tcp://h:99999', 'tcp://h:x'])(
    'by DOCKER_HOST=%s is none, and that is said',
    async (value) => {
      await expect(resolveEndpoint({ DOCKER_HOST: value }, cli(contexts))).rejects.toMatchObject({
        exitCode: 6,
        message: expect.stringContaining(`DOCKER_HOST=${value} names no Docker engine`),
        hint: expect.stringContaining('unset DOCKER_HOST'),
      })
    },
  )

  it('is told to the docker CLI with the certificates of its context', () => {
    const files = ['ca.pem']
    expect(dockerVariables({ host: 'tcp://far:2376', tls: { directory: '/c', files } })).toEqual({
      DOCKER_HOST: 'tcp://far:2376',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: '/c',
    })
    expect(dockerVariables({ host: 'tcp://far:2376', tls: { directory: '/c', verify: false } })).toEqual({
      DOCKER_HOST: 'tcp://far:2376',
      DOCKER_TLS: '1',
      DOCKER_CERT_PATH: '/c',
    })
    expect(dockerVariables({ host: 'unix:///mine.sock' })).toEqual({ DOCKER_HOST: 'unix:///mine.sock' })
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
