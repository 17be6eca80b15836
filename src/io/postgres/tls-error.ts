import type { ServerAddress } from '../../model/types.ts'

/** Why a session is not as secure as asked: OpenSSL's and Node's codes, and what puts it right. */
const authority = 'set tls.ca: to the certificate of the authority that signed it'
const faults: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'set tls.ca: to its own certificate',
  SELF_SIGNED_CERT_IN_CHAIN: authority,
  UNABLE_TO_GET_ISSUER_CERT: authority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: authority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: authority,
  CERT_HAS_EXPIRED: 'renew the certificate of the server',
  CERT_NOT_YET_VALID: 'set the clock of this machine, or wait',
  ERR_TLS_CERT_ALTNAME_INVALID: 'set host: to a name that its certificate has',
}
const noTls = /does not support SSL/
const otherTls = /^ERR_(?:SSL|OSSL|TLS)_|^EPROTO$/

type Insecure = { message: string; details: string[]; hint: string }

/** That a server did not show itself as the config asks; nothing for any other failure. */
export const explainTls = (
  { code = '', message }: Error & { code?: string },
  { tls }: ServerAddress,
  label: string,
): Insecure | undefined => {
  const details = [`tls: ${tls.mode} was asked for, and nothing less is taken.`]
  if (noTls.test(message))
    return {
      message: `Postgres on ${label} speaks no TLS.`,
      details,
      hint: 'set ssl = on there, or write tls: { mode: disable } where the way to it is trusted',
    }
  const remedy = faults[code]
  if (!remedy && !otherTls.test(code)) return undefined
  return {
    message: `Postgres on ${label} does not show itself as asked: ${message}.`,
    details,
    hint: remedy ?? `openssl s_client -starttls postgres -connect ${label}`,
  }
}
