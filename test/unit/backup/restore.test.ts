import { describe, expect, it } from 'vitest'
import { openRestore } from '../../../src/backup/restore.ts'
import { AppError } from '../../../src/errors.ts'
import type { Docker } from '../../../src/io/docker/docker.ts'
import type { Server } from '../../../src/io/postgres/postgres.ts'
import { Secret } from '../../../src/model/secret.ts'
import { database, manifest } from '../../support/tool/inventories.ts'

const down = new AppError('Postgres on pg cannot be reached: connect ECONNREFUSED.', { exitCode: 6 })
const server: Server = {
  label: 'pg',
  maintenance: 'postgres',
  user: 'postgres',
  port: 5432,
  login: { host: '127.0.0.1', password: new Secret('') },
  session: () => Promise.reject(down),
  query: () => Promise.reject(down),
  leave: async () => {},
  reserve: () => {},
  redact: (text) => text,
  [Symbol.asyncDispose]: async () => {},
}

const openOnDeadServer = () => {
  const notes: string[] = []
  const restore = openRestore({
    ...{ docker: {} as Docker, container: 'c', server, user: 'postgres', run: 'r', major: 17 },
    ...{ directory: '/b', manifest: manifest([database('iam')]), onProgress: () => {} },
    onNote: (text) => notes.push(text),
  })
  return { restore, notes }
}

describe('a restore whose server went away', () => {
  it('fails for that reason, and says what may have stayed beside and who drops it', async () => {
    const { restore, notes } = openOnDeadServer()
    await expect(restore.restoreBeside('iam', 'iam_restore_r')).rejects.toBe(down)
    await restore[Symbol.asyncDispose]()
    expect(notes).toEqual([
      `iam_restore_r may have stayed beside, and the next run drops what did: ${down.message}`,
    ])
  })

  it('says nothing where nothing was begun', async () => {
    const { restore, notes } = openOnDeadServer()
    await restore[Symbol.asyncDispose]()
    expect(notes).toEqual([])
  })
})
