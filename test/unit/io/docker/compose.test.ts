import { describe, expect, it } from 'vitest'
import {
  composeArguments,
  composeEnvironment,
  readComposeVersion,
} from '../../../../src/io/docker/compose.ts'
import type { DockerHost } from '../../../../src/io/docker/host.ts'

it('compose is told the project and the file, and never colours', () => {
  expect(composeArguments({ project: 'po-dev', file: '/c/development.yml' }, ['up', '--wait'])).toEqual([
    'compose',
    '--project-name',
    'po-dev',
    '--file',
    '/c/development.yml',
    '--ansi',
    'never',
    'up',
    '--wait',
  ])
})

describe("compose's environment", () => {
  const env = {
    PATH: '/bin',
    HOME: '/home/me',
    DOCKER_CONFIG: '/cfg',
    DOCKER_HOST: 'tcp://elsewhere',
    DOCKER_CONTEXT: 'elsewhere',
    POSTGRES_PASSWORD: 'from the shell',
    COMPOSE_FILE: 'other.yml',
    COMPOSE_PROJECT_NAME: 'other',
    PO_NETWORK: 'n',
    PORT: '1',
    REGISTRY: 'r',
    REGISTRY_MIRROR: 'm',
  }

  it.each<[string, string[], object]>([
    ['is little', [], {}],
    ['has what the config passes on by name', ['REGISTRY'], { REGISTRY: 'r' }],
    ['has what the config passes on by prefix', ['PO_*'], { PO_NETWORK: 'n' }],
    ['lacks what is not set', ['IMAGE_TAG'], {}],
  ])('%s', (_, pass, expected) => {
    expect(composeEnvironment(env, pass)).toEqual({
      PATH: '/bin',
      HOME: '/home/me',
      DOCKER_CONFIG: '/cfg',
      ...expected,
    })
  })
})

describe("compose's version", () => {
  const read = (exitCode: number, stdout: string): Promise<string> => {
    const shell = async () => ({ exitCode, stdout, stderr: '' })
    const endpoint = { host: 'unix:///engine.sock' }
    return readComposeVersion({ env: {}, endpoint, shell } as unknown as DockerHost)
  }

  it.each([
    ['2.24.0\n', '2.24.0'],
    ['v2.39.1\n', '2.39.1'],
    ['5.0.1', '5.0.1'],
    ['2.40.3-desktop.1', '2.40.3-desktop.1'],
  ])('%j is new enough', async (stdout, version) => {
    expect(await read(0, stdout)).toBe(version)
  })

  it.each([
    [0, '2.23.3', 'docker compose is 2.23.3; 2.24 or newer is needed.'],
    [0, '1.29.2', 'docker compose is 1.29.2; 2.24 or newer is needed.'],
    [1, '', 'docker compose is not installed; 2.24 or newer is needed.'],
  ])('of exit code %i and %j is refused', async (exitCode, stdout, message) => {
    await expect(read(exitCode, stdout)).rejects.toMatchObject({ exitCode: 6, message })
  })
})
