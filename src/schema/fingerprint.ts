import { createHash } from 'node:crypto'
import type { Schema } from './read-schema.ts'

const key = /^\\(?:un)?restrict .*$/gm

/** The same for what two servers, or one at two times, tell alike, but for the keys that a dump has anew each time. */
export const fingerprint = ({ text, untold }: Pick<Schema, 'text' | 'untold'>): string =>
  createHash('sha256').update(text.replace(key, '')).update(JSON.stringify(untold)).digest('base64')
