import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Issued = { cert: string; key: string }
export type Authority = Disposable & {
  /** Its own certificate. */
  ca: string
  /** A certificate for a common name, and alternative names as OpenSSL writes them: `DNS:localhost,IP:127.0.0.1`. */
  issue: (name: string, alternatives?: string) => Issued
}

/** An authority that nobody knows, and what it signs. */
export const makeAuthority = (): Authority => {
  const directory = mkdtempSync(join(tmpdir(), 'pmt-ca-'))
  const file = (name: string): string => join(directory, name)
  const read = (name: string): string => readFileSync(file(name), 'utf8')
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-days',
    '2',
    '-subj',
    '/CN=authority',
  )
  const issue = (name: string, alternatives?: string): Issued => {
    openssl('req', ...key, '-keyout', file('one.key'), '-out', file('one.csr'), '-subj', `/CN=${name}`)
    writeFileSync(file('one.ext'), alternatives ? `subjectAltName=${alternatives}\n` : '')
    const signed = [
      '-in',
      file('one.csr'),
      '-CA',
      file('ca.pem'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
    ]
    openssl('x509', '-req', ...signed, '-out', file('one.pem'), '-days', '2', '-extfile', file('one.ext'))
    return { cert: read('one.pem'), key: read('one.key') }
  }
  return {
    ca: read('ca.pem'),
    issue,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}
