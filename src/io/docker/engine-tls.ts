import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { AppError, exitCodes } from '../../errors.ts'
import type { Endpoint } from './endpoint.ts'

export type EngineTls = {
  /** Holds ca.pem, cert.pem, key.pem. */
  directory: string
  /** Which of them a context has; of those of a directory only the last two may be missing. */
  files?: readonly string[]
  /** The engine may be anybody. */
  verify?: false
}

type Certificates = { ca?: string[]; cert?: Buffer; key?: Buffer }

const unreadable = (host: string, cause: unknown): AppError =>
  new AppError(`The Docker engine at ${host} is to be asked over TLS: ${(cause as Error).message}.`, {
    exitCode: exitCodes.unreachable,
    hint: 'set DOCKER_CERT_PATH to the directory of ca.pem, cert.pem and key.pem, or: unset DOCKER_TLS_VERIFY DOCKER_TLS',
    cause,
  })

/**
 * What an https client of an engine needs; its authority counts beside those that everybody knows, as with the docker CLI.
 * @throws AppError (exit 6) naming the file that cannot be read.
 */
export const readCertificates = ({ host, tls }: Endpoint): Certificates => {
  if (!tls) return {}
  const { directory, files } = tls
  const has = (file: string): boolean => files?.includes(file) ?? existsSync(join(directory, file))
  const read = (file: string): Buffer => readFileSync(join(directory, file))
  try {
    return {
      ...((files === undefined || has('ca.pem')) && { ca: [...rootCertificates, read('ca.pem').toString()] }),
      ...(has('cert.pem') && { cert: read('cert.pem') }),
      ...(has('key.pem') && { key: read('key.pem') }),
    }
  } catch (cause) {
    throw unreadable(host, cause)
  }
}
