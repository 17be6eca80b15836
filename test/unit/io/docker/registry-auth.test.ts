import { chmodSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readRegistryCredentials, registryOf } from '../../../../src/io/docker/registry-auth.ts'
import { runShell } from '../../../../src/io/host/shell.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../../support/fixtures.ts'

describe('the registry of an image', () => {
  it.each([
    ['amacneil/dbmate:2.36.0', 'docker.io'],
    ['postgres', 'docker.io'],
    ['postgres:17', 'docker.io'],
    ['library/postgres:17', 'docker.io'],
    ['docker.io/amacneil/dbmate', 'docker.io'],
    ['ghcr.io/amacneil/dbmate:2', 'ghcr.io'],
    ['registry.example.com:5000/team/dbmate@sha256:0', 'registry.example.com:5000'],
    ['localhost/dbmate', 'localhost'],
    ['localhost:5000/dbmate', 'localhost:5000'],
    ['127.0.0.1:5000/a/b/c', '127.0.0.1:5000'],
    ['team.a', 'docker.io'],
  ])('%s is %s', (reference, registry) => {
    expect(registryOf(reference)).toBe(registry)
  })
})

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A credential helper that answers like Docker's: what it was asked for stands in the password. */
const addHelper = (home: TemporaryDirectory, name: string, body: string): void => {
  const file = home.write(`docker-credential-${name}`, `#!/bin/sh\nread -r key\n${body}\n`)
  chmodSync(file, 0o755)
}

const read = (home: TemporaryDirectory, registry: string) =>
  readRegistryCredentials(
    registry,
    { DOCKER_CONFIG: home.path, PATH: `${home.path}:/usr/bin:/bin` },
    runShell,
  )

describe('what docker login stored', () => {
  it('is nothing where there is no config.json', async () => {
    using home = temporaryDirectory()
    expect(await read(home, 'ghcr.io')).toBeUndefined()
  })

  it.each([
    ['ghcr.io', 'ghcr.io', { username: 'me', password: 'a:b', serveraddress: 'ghcr.io' }],
    ['https://ghcr.io', 'ghcr.io', { username: 'me', password: 'a:b', serveraddress: 'ghcr.io' }],
    [
      'https://index.docker.io/v1/',
      'docker.io',
      { username: 'me', password: 'a:b', serveraddress: 'https://index.docker.io/v1/' },
    ],
    ['quay.io', 'ghcr.io', undefined],
  ])('under %s is read for %s', async (key, registry, expected) => {
    using home = temporaryDirectory()
    home.write('config.json', JSON.stringify({ auths: { [key]: { auth: base64('me:a:b') } } }))
    expect(await read(home, registry)).toEqual(expected)
  })

  it('may be an identity token', async () => {
    using home = temporaryDirectory()
    home.write('config.json', JSON.stringify({ auths: { 'ghcr.io': { identitytoken: 't' } } }))
    expect(await read(home, 'ghcr.io')).toEqual({ identitytoken: 't', serveraddress: 'ghcr.io' })
  })

  it('is asked of the credential store, which reads the registry on stdin', async () => {
    using home = temporaryDirectory()
    home.write('config.json', JSON.stringify({ auths: { 'ghcr.io': {} }, credsStore: 'fake' }))
    addHelper(home, 'fake', `printf '{"Username":"me","Secret":"%s of %s"}' "$1" "$key"`)
    expect(await read(home, 'ghcr.io')).toEqual({
      username: 'me',
      password: 'get of ghcr.io',
      serveraddress: 'ghcr.io',
    })
    expect(await read(home, 'docker.io')).toMatchObject({
      password: 'get of https://index.docker.io/v1/',
      serveraddress: 'https://index.docker.io/v1/',
    })
  })

  it("prefers a registry's own helper, and understands its token", async () => {
    using home = temporaryDirectory()
    const config = { credsStore: 'none', credHelpers: { 'ghcr.io': 'fake' } }
    home.write('config.json', JSON.stringify(config))
    addHelper(home, 'fake', `printf '{"Username":"<token>","Secret":"t"}'`)
    expect(await read(home, 'ghcr.io')).toEqual({ identitytoken: 't', serveraddress: 'ghcr.io' })
  })

  it.each([
    ['knows nothing', 'echo "credentials not found"; exit 1'],
    ['is not installed', undefined],
  ])('is nothing when the helper %s', async (_, body) => {
    using home = temporaryDirectory()
    home.write('config.json', JSON.stringify({ credsStore: 'fake' }))
    if (body) addHelper(home, 'fake', body)
    expect(await read(home, 'ghcr.io')).toBeUndefined()
  })

  it('in a broken config.json is an error that names the file', async () => {
    using home = temporaryDirectory()
    const file = home.write('config.json', '{')
    await expect(read(home, 'ghcr.io')).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringContaining(`${file} is not valid JSON`),
    })
  })
})
