import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Job } from 'kubernetes-models/batch/v1'
import { ConfigMap, Secret } from 'kubernetes-models/v1'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { exitCodes } from '../../../src/errors.ts'
import {
  configMapOf,
  containerOf,
  jobOf,
  type Manifest,
  manifestNames,
  podOf,
  readManifests,
} from '../../support/kubernetes/manifests.ts'
import { root } from '../../support/root.ts'

/** By the API's published schema, which knows types and enumerations. */
const validate = (manifest: Manifest): void => {
  const given = structuredClone(manifest) as never
  if (manifest.kind === 'Job') new Job(given).validate()
  else if (manifest.kind === 'Secret') new Secret(given).validate()
  else if (manifest.kind === 'ConfigMap') new ConfigMap(given).validate()
  else throw new Error('nobody knows its kind')
}

/** By the API's types: the schema lets unknown fields pass, and a server would drop them. */
const typeErrors = (manifests: readonly Manifest[]): string => {
  const directory = mkdtempSync(join(root, 'node_modules/.pmt-types-'))
  try {
    const lines = manifests.map(
      (manifest, index) => `export const it${index}: I${manifest.kind} = ${JSON.stringify(manifest)}`,
    )
    const file = join(directory, 'manifests.ts')
    const imports = [
      "import type { IJob } from 'kubernetes-models/batch/v1'",
      "import type { IConfigMap, ISecret } from 'kubernetes-models/v1'",
    ]
    writeFileSync(file, [...imports, 'export type Used = [IJob, IConfigMap, ISecret]', ...lines].join('\n'))
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--ignoreConfig']
    execFileSync(join(root, 'node_modules/.bin/tsc'), [...flags, file], { encoding: 'utf8', cwd: directory })
    return ''
  } catch (error) {
    return String((error as { stdout?: string }).stdout)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** A copy of a Job in which something is otherwise. */
const changed = (change: (job: Record<string, never>) => void): Manifest => {
  const job = structuredClone(jobOf('job.yaml'))
  change(job as never)
  return job
}

describe("the API's schema", () => {
  it.each(manifestNames)('takes every document of %s', (name) => {
    for (const manifest of readManifests(name)) expect(() => validate(manifest)).not.toThrow()
  })

  it('takes no field that nobody knows', () => {
    expect(typeErrors(manifestNames.flatMap(readManifests))).toBe('')
  })

  it('would refuse a wrong type, a wrong word and a misspelt field', () => {
    type Open = { spec: Record<string, unknown> & { podFailurePolicy: { rules: { action: string }[] } } }
    const wrong = (change: (job: Open) => void): Manifest => changed(change as never)
    expect(() => validate(wrong(({ spec }) => Object.assign(spec, { backoffLimit: '0' })))).toThrow(/integer/)
    const word = ({ spec }: Open): void => {
      Object.assign(spec.podFailurePolicy.rules[0] ?? {}, { action: 'Fail' })
    }
    expect(() => validate(wrong(word))).toThrow(/allowed values/)
    const misspelt = wrong(({ spec }) => Object.assign(spec, { backOffLimit: 0 }))
    expect(typeErrors([misspelt])).toContain('backOffLimit')
  })
})

describe.each(manifestNames)('the Job of %s', (name) => {
  const { spec } = jobOf(name)
  const rules = spec?.podFailurePolicy?.rules ?? []
  const codesOf = (action: string): number[] =>
    rules.filter((rule) => rule.action === action).flatMap(({ onExitCodes }) => onExitCodes?.values ?? [])

  it('takes as final what another try cannot change, and tries again what touched nothing and may pass', () => {
    expect(codesOf('FailJob')).toEqual([exitCodes.usage, exitCodes.refused])
    expect(codesOf('Ignore')).toEqual([exitCodes.locked, exitCodes.unreachable])
    expect(spec?.backoffLimit).toBe(0)
    expect(rules.flatMap(({ onPodConditions }) => onPodConditions?.map(({ type }) => type) ?? [])).toEqual([
      'DisruptionTarget',
    ])
  })

  it('keeps the rules of the API that no schema tells', () => {
    expect(podOf(name).restartPolicy).toBe('Never')
    for (const { onExitCodes } of rules) {
      if (!onExitCodes) continue
      expect(onExitCodes.containerName).toBe(containerOf(name).name)
      expect(onExitCodes.values).toEqual([...new Set(onExitCodes.values)].sort((a, b) => a - b))
      expect(onExitCodes.values).not.toContain(0)
    }
  })

  it('ends, is cleaned up, and gives the running file its time', () => {
    const { activeDeadlineSeconds = 0, ttlSecondsAfterFinished = 0 } = spec ?? {}
    const { terminationGracePeriodSeconds = 30 } = podOf(name)
    expect(activeDeadlineSeconds).toBeGreaterThan(terminationGracePeriodSeconds)
    expect(ttlSecondsAfterFinished).toBeGreaterThan(0)
  })

  it('is restricted, as the Pod Security Standards have it', () => {
    expect(podOf(name)).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: 'RuntimeDefault' } },
    })
    expect(containerOf(name).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    const kinds = (podOf(name).volumes ?? []).map((volume) =>
      Object.keys(volume).filter((key) => key !== 'name'),
    )
    for (const [kind] of kinds) expect(['configMap', 'secret', 'projected', 'emptyDir']).toContain(kind)
  })

  it('has its password in a file, in no variable', () => {
    expect(containerOf(name)).not.toHaveProperty('env')
    expect(containerOf(name)).not.toHaveProperty('envFrom')
    expect(containerOf(name).resources?.limits).toHaveProperty('memory')
  })

  it('mounts what there is', () => {
    const volumes = (podOf(name).volumes ?? []).map((volume) => volume.name)
    expect((containerOf(name).volumeMounts ?? []).map((mount) => mount.name)).toEqual(volumes)
  })
})

it('a config that is mounted is one, and all its files are there', () => {
  const data = configMapOf('job.yaml')
  const { environments } = parseConfig({
    path: '/project/migrate.yaml',
    text: data['migrate.yaml'] ?? '',
    env: {},
  })
  expect(environments.prod?.engine).toBe('native')
  const items = podOf('job.yaml').volumes?.flatMap(({ configMap }) => configMap?.items ?? []) ?? []
  expect(items.map(({ key }) => key).sort()).toEqual(Object.keys(data).sort())
})
