import { quoteIdentifier } from '../model/sql.ts'
import type { ManagedDatabase, Obstacle } from '../model/types.ts'

/** A name that the server does not have, where nobody said that it may be made. */
export const missingMember = ({ name, database, member }: ManagedDatabase): Obstacle | undefined =>
  member && !member.create
    ? {
        message: `${database}: is not on the server.`,
        details: [`${name} names it, and a database of a fleet is not created unless create: says so.`],
        hint: `create database ${quoteIdentifier(database)}, take it off the names, or write databases.${member.fleet}.create: true`,
      }
    : undefined
