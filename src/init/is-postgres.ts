import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ComposeService } from '../io/docker/compose-config.ts'

const isServer =
  /(?:^|[_-])(?:postgres(?:ql)?|postgis|pgvector|timescaledb(?:-ha)?|paradedb|pg|citus|spilo|pgvecto|pgautoupgrade|pgduckdb)(?:[_-]|$)/i
const beside = /exporter|bouncer|pgpool|pgcat|rest|admin|backup|dump|meta|proxy/i
const dataDirectory = /^\/var\/lib\/postgresql(?:\/|$)|^\/bitnami\/postgresql|^\/home\/postgres\/pgdata/

const digest = /@.*$/
const tag = /:[^:/]*$/

/** Without registry and owner, which may be called anything, and without the tag. */
const nameOf = (image: string): string => image.replace(digest, '').replace(tag, '').split('/').at(-1) ?? ''

const isServerImage = (image: string): boolean => {
  const name = nameOf(image)
  return isServer.test(name) && !beside.test(name)
}

const from = /^\s*FROM\s+(?:--\S+\s+)*(\S+)/gim

/** What the last stage of a Dockerfile begins with; a stage of its own has another above it. */
const baseOf = (dockerfile: string): string => [...dockerfile.matchAll(from)].at(-1)?.[1] ?? ''

const dockerfileOf = ({ build }: ComposeService): string => {
  if (!build) return ''
  if (build.dockerfile_inline) return build.dockerfile_inline
  const path = resolve(build.context ?? '.', build.dockerfile ?? 'Dockerfile')
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  } catch {
    // Not ours to read.
    return ''
  }
}

/** Whether a service of compose is a Postgres: by its data, its image, or the image that its own is built on. */
export const isPostgres = (service: ComposeService): boolean =>
  (service.volumes ?? []).some(({ target }) => dataDirectory.test(target)) ||
  isServerImage(service.image ?? '') ||
  isServerImage(baseOf(dockerfileOf(service)))
