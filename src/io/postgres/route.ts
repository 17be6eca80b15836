import { connect } from 'node:net'

const directWithin = 300
/** The address answered, if only with a refusal: there is a route. */
const answered = new Set(['ECONNREFUSED', 'ECONNRESET'])

/** Whether a TCP connection from here reaches this address within 300 ms. */
export const hasRoute = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: directWithin })
    const settle = (reachable: boolean): void => {
      socket.destroy()
      resolve(reachable)
    }
    socket.once('connect', () => settle(true))
    socket.once('timeout', () => settle(false))
    socket.once('error', (error: NodeJS.ErrnoException) => settle(answered.has(error.code ?? '')))
  })
