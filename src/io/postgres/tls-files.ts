import type { Tls } from '../../model/types.ts'
import { isVerified, trustedBy } from './tls.ts'

type File = { name: string; text: string }

/** Of the file that is secret. */
export const tlsKeyName = '.tls-key.pem'

const names = { ca: '.tls-ca.pem', cert: '.tls-cert.pem', key: tlsKeyName } as const

/** What a container's client needs to show and to trust what the config says: as the files of a tar. */
export const tlsFiles = (tls: Tls | undefined): File[] => {
  if (!tls || tls.mode === 'disable') return []
  return [
    ...(isVerified(tls) ? [{ name: names.ca, text: trustedBy(tls) }] : []),
    ...(tls.cert ? [{ name: names.cert, text: tls.cert.text }] : []),
    ...(tls.key ? [{ name: names.key, text: tls.key.text }] : []),
  ]
}

/** The same as libpq and lib/pq call it, by their parameters; the files lie in `directory`. */
export const tlsParameters = (tls: Tls | undefined, directory: string): Record<string, string> => ({
  sslmode: tls?.mode ?? 'disable',
  ...(tls && isVerified(tls) && { sslrootcert: `${directory}/${names.ca}` }),
  ...(tls?.cert && { sslcert: `${directory}/${names.cert}` }),
  ...(tls?.key && { sslkey: `${directory}/${names.key}` }),
})
