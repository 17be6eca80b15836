import { AppError, exitCodes } from '../../errors.ts'
import { type ConnectionFailure, isEnded } from './connection-failure.ts'
import { NotTheServer } from './direct-route.ts'
import { refusedByTrigger } from './login-trigger.ts'
import { explainState } from './refused-session.ts'
import { type Explanation, isNamed, retry, type Target } from './session-target.ts'
import { explainTls } from './tls-error.ts'

/** How the driver says it, once a session is gone or its server silent. */
const lostConnection = /not queryable|Connection terminated|Query read timeout/
const foreignStartup = /unsupported startup parameter/

const otherServer = ({ message }: NotTheServer, target: Target): Explanation => {
  const { label, environment = 'ENV', address } = target
  if (!address)
    return {
      message: `At the address of ${label}, ${message}, and there is no way through the container.`,
      hint: retry(target),
    }
  const asks = message.includes('asks for')
  return {
    message: `At ${label}, ${message}.`,
    details: asks
      ? ['The password is kept from whoever proves nothing: neither SCRAM nor a certificate.']
      : [],
    hint: asks
      ? `set tls: { mode: verify-full } under environments.${environment}.server, or auth: any beside it`
      : retry(target),
  }
}

const poolerFound = ({ label, environment = 'ENV', address }: Target): Explanation => ({
  refused: true,
  message: `A connection pooler answers for ${label}, not Postgres itself.`,
  details: [
    'Locks and settings belong to sessions, which a pooler shares out: two runs could hold one lock.',
  ],
  hint: isNamed(address)
    ? `name Postgres itself in environments.${environment}.server`
    : `set service: and port: under environments.${environment} to Postgres itself`,
})

/** It was open, or about to be: nothing was refused. */
const endedSession = ({ message, code }: ConnectionFailure, target: Target): Explanation => ({
  message: `The session with ${target.database} on ${target.label} was ended: ${message} (${code}).`,
  hint: retry(target),
})

const unreachable = (error: ConnectionFailure, target: Target): Explanation => {
  // Of several addresses that were tried, Node says only the code.
  const said = error.message || error.code
  const why = lostConnection.test(error.message) ? 'the connection was lost' : said
  return {
    message: `Postgres on ${target.label} cannot be reached: ${why}.`,
    hint: target.address ? retry(target) : `docker logs --tail 20 ${target.label}`,
  }
}

const explain = (error: ConnectionFailure, target: Target): Explanation => {
  const { label } = target
  if (foreignStartup.test(error.message)) return poolerFound(target)
  if (error instanceof NotTheServer) return error.pooler ? poolerFound(target) : otherServer(error, target)
  const insecure = target.address && explainTls(error, target.address, label)
  if (insecure) return insecure
  if (error.where !== undefined) return refusedByTrigger(error, target)
  const said = isEnded(error) ? endedSession : explainState(error)
  if (said) return said(error, target)
  if (error.severity === undefined) return unreachable(error, target)
  return {
    message: `Postgres on ${label} refused a session for ${target.database}: ${error.message}${error.code ? ` (${error.code})` : ''}.`,
    hint: retry(target),
  }
}

/** Why there is no session: what Postgres said, and the remedy for that. Exit 6, or 4 where only a person can help. */
export const explainConnection = (error: Error, target: Target): AppError => {
  if (error instanceof AppError) return error
  const { message, refused, ...rest } = explain(error, target)
  return new AppError(message, {
    exitCode: refused ? exitCodes.refused : exitCodes.unreachable,
    cause: error,
    ...rest,
  })
}
