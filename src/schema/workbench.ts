import type { Dbmate, PlannedFile } from '../io/dbmate/dbmate.ts'
import { openDbmate } from '../io/dbmate/dbmate.ts'
import { removeDeadScratch } from '../io/docker/dead-scratch.ts'
import { endSessions } from '../io/postgres/backends.ts'
import { dumpSchema, restoreSchema, type SchemaDumpOptions } from '../io/postgres/dump-schema.ts'
import type { DumpTarget } from '../io/postgres/dump-tool.ts'
import { readServerInventory } from '../io/postgres/inventory.ts'
import type { Server } from '../io/postgres/postgres.ts'
import { dropDatabase } from '../io/postgres/recreate-database.ts'
import { restoreRoles } from '../io/postgres/roles.ts'
import { openScratchServer, type ScratchServer } from '../io/postgres/scratch-server.ts'
import type { DatabaseProperties, Inventory, RoleInventory } from '../model/inventory.ts'
import { majorOf } from '../model/manifest.ts'
import { createDatabaseLike, databaseProperties, grantsAmong } from '../model/recreate.ts'
import { Secret } from '../model/secret.ts'
import { sessionName } from '../model/session.ts'
import { quoteIdentifier, setSetting } from '../model/sql.ts'

/** A server whose schemas can be read. */
export type SchemaSource = {
  server: Server
  dump: (options: SchemaDumpOptions) => Promise<string>
}

/** A throwaway server on which schemas are made from files and from dumps. */
export type Workbench = SchemaSource &
  AsyncDisposable & {
    /** Makes an empty database, in the place of one of that name; like another, or as a new server has them. */
    create: (name: string, like?: DatabaseProperties) => Promise<void>
    drop: (name: string) => Promise<void>
    openDbmate: (files: readonly PlannedFile[], databases: readonly string[]) => Promise<Dbmate>
    restore: (database: string, text: string) => Promise<void>
    /** Ends what dbmate has at work. */
    cancel: () => Promise<void>
  }

export const sourceOf = (target: DumpTarget): SchemaSource => ({
  server: target.server,
  dump: (options) => dumpSchema(target, options),
})

export type WorkbenchOptions = Parameters<typeof openScratchServer>[1] & {
  docker: Parameters<typeof openScratchServer>[0]
  dbmateImage: string
  /** Who applies the files: on the real server perhaps no superuser. */
  migrator: string
  /** Of the server that it stands for; left out: a server that has only itself. */
  like?: Pick<Inventory, 'roles' | 'tablespaces'>
  /** Roles that files make: they are not there before. */
  madeByFiles: ReadonlySet<string>
}

/** Where a server makes them in its own directory (15 on). */
const inPlaceSince = 15

const restoreTablespaces = async (
  { server }: ScratchServer,
  { like, user }: WorkbenchOptions,
  major: number,
): Promise<void> => {
  if (major < inPlaceSince) return
  await using session = await server.session(server.maintenance)
  await session.query('set allow_in_place_tablespaces = on')
  for (const { name } of like?.tablespaces ?? [])
    await session.query(
      `create tablespace ${quoteIdentifier(name)} owner ${quoteIdentifier(user)} location ''`,
    )
}

/** What the server that it stands for has beside its databases, but for what files make. */
const equip = async (scratch: ScratchServer, options: WorkbenchOptions, major: number): Promise<void> => {
  const { like, madeByFiles, migrator } = options
  if (!like) return
  const isKept = ({ name }: RoleInventory): boolean => !madeByFiles.has(name)
  const roles = like.roles.filter(isKept).map((role) => ({
    ...role,
    memberships: role.memberships.filter(
      (membership) => !madeByFiles.has(membership.role) && !madeByFiles.has(membership.grantor),
    ),
  }))
  await restoreRoles(scratch.server, roles, { passwords: new Map(), major, existing: 'leave' })
  const own = like.roles.find(({ name }) => name === migrator)
  await using session = await scratch.server.session(scratch.server.maintenance)
  for (const setting of own?.settings ?? [])
    await session.query(`alter role ${quoteIdentifier(migrator)} ${setSetting(setting)}`)
  await restoreTablespaces(scratch, options, major)
}

/** Settings decide how files are read, its owner and its grants who may do what in it. */
const propertiesOf = (like: DatabaseProperties, name: string, madeByFiles: ReadonlySet<string>): string[] => {
  const isThere = (role: string): boolean => !madeByFiles.has(role)
  const acl = grantsAmong(like.acl, { isThere, owner: like.owner })
  const settings = like.settings.filter(({ role }) => role === null || isThere(role))
  return databaseProperties(
    { ...like, acl, settings, comment: null, connectionLimit: -1, template: false },
    name,
  )
}

/**
 * Starts a throwaway server with the roles and the tablespaces of the one that it stands for, and without their passwords.
 * @throws AppError (exit 1) when it does not start.
 */
export const openWorkbench = async (options: WorkbenchOptions): Promise<Workbench> => {
  const { docker, dbmateImage, migrator, madeByFiles, like: _, ...place } = options
  await removeDeadScratch(docker, place.postgres)
  const scratch = await openScratchServer(docker, place)
  const { server } = scratch
  try {
    const { version } = await readServerInventory(server)
    const major = majorOf(version)
    await equip(scratch, options, major)
    const drop = async (name: string): Promise<void> => {
      await using session = await server.session(server.maintenance)
      await dropDatabase(session.query, name)
    }
    return {
      ...sourceOf(scratch),
      drop,
      create: async (name, like) => {
        await drop(name)
        await using session = await server.session(server.maintenance)
        if (!like) return void (await session.query(`create database ${quoteIdentifier(name)}`))
        await session.query(createDatabaseLike(like, name, { major, tablespace: false }))
        for (const sql of propertiesOf(like, name, madeByFiles)) await session.query(sql)
      },
      restore: (database, text) => restoreSchema(scratch, { database, text }),
      cancel: () => endSessions(server, sessionName(place.run, 'dbmate')),
      openDbmate: (files, databases) =>
        openDbmate(docker, {
          image: dbmateImage,
          run: place.run,
          environment: place.environment,
          ...(place.project && { project: place.project }),
          databases,
          postgres: { id: scratch.container, address: scratch.address, port: scratch.port },
          credentials: { user: migrator, password: new Secret('') },
          files,
        }),
      [Symbol.asyncDispose]: async () => {
        await scratch[Symbol.asyncDispose]()
        // Those of a run that was killed just before have ended meanwhile.
        await removeDeadScratch(docker, place.postgres)
      },
    }
  } catch (error) {
    await scratch[Symbol.asyncDispose]()
    throw error
  }
}
