import { createHash } from 'node:crypto'
import { normalise } from '../../model/ledger.ts'

/** sha256 of a migration's text, hex, as the ledger keeps it. */
export const checksum = (text: string): string => createHash('sha256').update(normalise(text)).digest('hex')
