import { hostname } from 'node:os'
import type { ServerAddress, Tls } from '../../model/types.ts'
import type { DockerHost } from './host.ts'

/** How a container gets to a server that is no container of its engine. */
export type Way = {
  /** Docker's NetworkMode; empty for a process of this machine. */
  network: string
  /** The server is on this machine, which the container knows as its gateway. */
  gateway: boolean
  /** The numeric address to ask; the name stays what a certificate has to bear. */
  hostaddr?: string
  tls: Tls
}

/** By this name a container finds its gateway in /etc/hosts. */
export const gatewayName = 'po-migrate-gateway'

/** In a shell: the address of the gateway, for whom libpq and lib/pq ask it. */
export const gatewayAddress = `sed -n 's/[[:space:]].*${gatewayName}.*//p' /etc/hosts | head -n 1`

const loopback = /^(?:127\.|::1$|::ffff:127\.)/
const numeric = /^[\d.]+$|:/

export const isNumeric = (host: string): boolean => numeric.test(host)

const desktop = /Docker Desktop/i
const apart = /name=(?:rootless|userns)/

/** Whether the containers of an engine can be on the network of this very machine: not with a VM, another machine, or rootless. */
const isHere = async ({ client, endpoint }: DockerHost): Promise<boolean> => {
  if (!endpoint.host.startsWith('unix://')) return false
  const info = await client.info()
  const { Name, OSType, OperatingSystem } = info
  return (
    OSType === 'linux' &&
    Name === hostname() &&
    !desktop.test(OperatingSystem ?? '') &&
    !apart.test(String(info.SecurityOptions ?? ''))
  )
}

/**
 * The way from a container to a server that `answered` this process at an address. On loopback that is the machine's own
 * network where the engine shares it, else the gateway. Whether it ends at the same server is for the one who takes it to prove.
 */
export const findWay = async (
  host: DockerHost,
  { address, answered, network }: { address: ServerAddress; answered: string | undefined; network: string },
): Promise<Way> => {
  const { tls } = address
  const numericHost = isNumeric(address.host)
  if (answered === undefined || !loopback.test(answered))
    return {
      network: network || 'bridge',
      gateway: false,
      tls,
      ...(answered !== undefined && !numericHost && { hostaddr: answered }),
    }
  if (network === '' && (await isHere(host)))
    return { network: 'host', gateway: false, tls, ...(!numericHost && { hostaddr: answered }) }
  return { network: network || 'bridge', gateway: true, tls }
}

/** What a container needs for it. */
export const wayConfig = ({ network, gateway }: Way): { NetworkMode: string; ExtraHosts?: string[] } => ({
  NetworkMode: network,
  ...(gateway && { ExtraHosts: [`${gatewayName}:host-gateway`] }),
})
