import { join } from 'node:path'

/** This checkout. */
export const root = join(import.meta.dirname, '../..')
