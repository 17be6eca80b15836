import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { databaseNames, locateDatabase } from '../config/databases.ts'
import type { Config } from '../config/load.ts'
import { storeOf } from '../config/store.ts'
import { unknown } from '../config/unknown.ts'
import { amend, type ExitCode, exitCodes, usageError } from '../errors.ts'
import { configOf } from '../frame/config-of.ts'
import { type GlobalOptions, type Program, type Wire, withoutRunFlags } from '../frame/options.ts'
import { makeDirectories } from '../make-directories.ts'
import type { Context } from '../model/context.ts'
import { parseVersion } from '../model/migration.ts'
import { nearest } from '../model/nearest.ts'
import { nextVersion } from '../model/next-version.ts'
import { quote } from '../model/quote.ts'
import type { ManagedDatabase } from '../model/types.ts'
import { writeDocument } from '../report/json.ts'
import { verbs } from './verbs.ts'

export type NewOptions = GlobalOptions & { db: string; name: string }

export const newCommand = (program: Program, wire: Wire) =>
  program.command(
    ...verbs.new,
    (args) =>
      withoutRunFlags(args)
        .positional('db', {
          type: 'string',
          demandOption: true,
          describe: 'As in the config; in a store, its directory, made where it is missing',
        })
        .positional('name', {
          type: 'string',
          demandOption: true,
          describe: 'Lower-case letters, digits and "_"',
        })
        .example('$0 new calendar add_colour', ''),
    wire(create),
  )

/** What `dbmate new` writes; its names are timestamps, which is why it is not asked. */
const template = '-- migrate:up\n\n\n-- migrate:down\n\n'
const slug = /^[a-z0-9][a-z0-9_]*$/
const notSlug = /[^a-z0-9]+/g
const outerUnderscores = /^_+|_+$/g

const requireSlug = (name: string): void => {
  if (slug.test(name)) return
  const suggestion = name.toLowerCase().replace(notSlug, '_').replace(outerUnderscores, '')
  throw usageError(
    `The name ${JSON.stringify(name)} cannot be part of a file name here.`,
    suggestion ? `use ${suggestion}` : 'use lower-case letters, digits and "_"',
    ['allowed: lower-case letters, digits and "_"'],
  )
}

/** Those of a store that is still to be made: none. */
const known = (config: Config): string[] =>
  config.databases || existsSync(storeOf(config)) ? databaseNames(config) : []

const databaseName = /^[a-z0-9][a-z0-9_-]*$/i

/** How a name that resembles no other becomes a database: a typo must not. */
const adding = ({ file, databases }: Config, { name, directory }: ManagedDatabase): string =>
  databases
    ? `where it is a new one, write into ${file}: databases: { ${name}: }`
    : `where it is a new one: mkdir ${quote(directory)}`

/** A database that the config names, or a directory of the store; there, a name that resembles no other is a new one. */
const findDatabase = (config: Config, name: string): { managed: ManagedDatabase; isNew: boolean } => {
  const names = known(config)
  const managed = locateDatabase(config, '', name)
  if (names.includes(name)) return { managed, isNew: false }
  const stranger = unknown(name, { what: 'database', names })
  if (!databaseName.test(name))
    throw amend(stranger, {
      hint: 'a new one is called by letters, digits, "_" and "-": po-migrate new DB NAME',
    })
  if (config.databases || nearest(name, names) !== undefined)
    throw amend(stranger, { hint: adding(config, managed) })
  return { managed, isNew: true }
}

const versionsIn = ({ directory }: ManagedDatabase): string[] =>
  existsSync(directory) ? readdirSync(directory).flatMap((file) => parseVersion(file) ?? []) : []

/** Writes the next file of a database, numbered as the others are, and prints its path. */
export const create = async ({ db, name, ...options }: NewOptions, context: Context): Promise<ExitCode> => {
  const config = configOf(options, context)
  const { managed, isNew } = findDatabase(config, db)
  requireSlug(name)
  const others = known(config).flatMap((other) => versionsIn(locateDatabase(config, '', other)))
  const version = nextVersion(versionsIn(managed), new Date(), others)
  const path = join(managed.directory, `${version}_${name}.sql`)
  makeDirectories(managed.directory)
  writeFileSync(path, template, { flag: 'wx' })
  const shown = relative(context.cwd, path)
  if (options.json) writeDocument(context.stdout, { version: 1, database: db, file: path })
  else context.stdout.write(`${shown.startsWith('..') ? path : shown}\n`)
  if (isNew && !options.quiet) context.stderr.write(`${db} is a new database: the next up creates it\n`)
  return exitCodes.done
}
