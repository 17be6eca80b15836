import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IJob } from 'kubernetes-models/batch/v1'
import type { IConfigMap, ISecret } from 'kubernetes-models/v1'
import { parseAllDocuments } from 'yaml'
import { root } from '../root.ts'

export const manifestNames = ['job.yaml', 'helm-hook.yaml'] as const
export type ManifestName = (typeof manifestNames)[number]

export type Manifest = (IJob | IConfigMap | ISecret) & { kind: string }
export type PodSpec = NonNullable<NonNullable<IJob['spec']>['template']['spec']>
export type Container = PodSpec['containers'][number]

/** The documents of a file of `deploy/kubernetes`. */
export const readManifests = (name: ManifestName): Manifest[] =>
  parseAllDocuments(readFileSync(join(root, 'deploy/kubernetes', name), 'utf8')).map((document) => {
    const [error] = 'errors' in document ? document.errors : []
    if (error) throw error
    return 'toJS' in document ? document.toJS() : undefined
  })

const find = <Found extends Manifest>(name: ManifestName, kind: string): Found => {
  const found = readManifests(name).find((one) => one.kind === kind)
  if (!found) throw new Error(`${name} has no ${kind}`)
  return found as Found
}

export const jobOf = (name: ManifestName): IJob & { kind: string } => find(name, 'Job')
export const configMapOf = (name: ManifestName): Record<string, string> =>
  find<IConfigMap & { kind: string }>(name, 'ConfigMap').data ?? {}

export const podOf = (name: ManifestName): PodSpec => {
  const spec = jobOf(name).spec?.template.spec
  if (!spec) throw new Error(`the Job of ${name} has no pod`)
  return spec
}

/** The one container of the Job. */
export const containerOf = (name: ManifestName): Container => {
  const [container, ...others] = podOf(name).containers
  if (!container || others.length > 0) throw new Error(`${name} has another number of containers than one`)
  return container
}
