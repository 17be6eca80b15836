import { describe, expect, it } from 'vitest'
import { explainConnection } from '../../../../src/io/postgres/connection-error.ts'
import type { ServerOptions } from '../../../../src/io/postgres/server-options.ts'

const tls = { mode: 'disable' as const }
const inside = { node: 'worker-2', container: 'c0ffee' }
const named = { host: 'db.example', tls }
const found = { host: 'tasks.shop_postgres', tls, inside }

const explained = (said: object, address?: typeof named | typeof found) => {
  const target = {
    ...{ label: 'db', environment: 'prod', port: 5432, wait: 0, passwordHint: 'set it', address },
    credentials: { user: 'app' },
  } as unknown as ServerOptions
  const error = Object.assign(new Error('no'), { severity: 'FATAL' }, said)
  return explainConnection(error, { ...target, database: 'shop' })
}

describe('why there is no session', () => {
  it.each([
    ['of a container', undefined, "docker exec --env PGOPTIONS='-c event_triggers=off' db psql "],
    [
      'on a node',
      found,
      "on the node worker-2: docker exec --env PGOPTIONS='-c event_triggers=off' c0ffee psql ",
    ],
    ['with an address', named, "PGOPTIONS='-c event_triggers=off' PGSSLMODE=disable psql "],
  ])('has a command that gets past a trigger on login: %s', (_, address, command) => {
    expect(explained({ where: 'PL/pgSQL function f()' }, address).hint?.slice(0, command.length)).toBe(
      command,
    )
  })

  it('names what the config has where a pooler answers, and nothing else', () => {
    const pooler = { message: 'unsupported startup parameter: options' }
    expect(explained(pooler, named).hint).toContain('environments.prod.server')
    for (const address of [found, undefined])
      expect(explained(pooler, address).hint).toContain('set service: and port: under environments.prod')
  })

  it.each(['57P01', '57P02', '57P04', '57P05', '25P03', '25P04'])(
    'says of a session that somebody ended (%s) that it was ended, not refused',
    (code) => {
      const { message, exitCode } = explained({ code, message: 'terminating connection' })
      expect(message).toBe(`The session with shop on db was ended: terminating connection (${code}).`)
      expect(exitCode).toBe(6)
    },
  )

  it('tells of the password that a volume keeps, unless the server is one that we know no volume of', () => {
    expect(explained({ code: '28P01' }, named).details).toEqual([])
    expect(explained({ code: '28P01' }, found).details).toEqual(explained({ code: '28P01' }).details)
  })
})
