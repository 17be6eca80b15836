import { type ConnectionOptions, checkServerIdentity, getCACertificates } from 'node:tls'
import type { Tls } from '../../model/types.ts'

/** Certificates to trust, as PEM: those of the config, or Node's own, so that every client of a run trusts the same. */
export const trustedBy = ({ ca }: Tls): string => ca?.text ?? getCACertificates('default').join('\n')

export const isVerified = ({ mode }: Tls): boolean => mode === 'verify-ca' || mode === 'verify-full'

/** The driver's `ssl`: exactly the mode that was asked for, whatever the environment says of Node's TLS. */
export const tlsOptions = (tls: Tls, host: string): ConnectionOptions | false => {
  const { mode, cert, key } = tls
  if (mode === 'disable') return false
  return {
    rejectUnauthorized: isVerified(tls),
    ...(isVerified(tls) && { ca: trustedBy(tls) }),
    // The driver leaves out the name of a server that is given by its address.
    checkServerIdentity: (_, certificate) =>
      mode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
    ...(cert && { cert: cert.text }),
    ...(key && { key: key.text }),
  }
}
