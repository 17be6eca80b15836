import { usageError } from '../errors.ts'
import { readBuild } from '../io/host/build.ts'

/**
 * A bundle that does not belong to the files around it runs nothing.
 * @throws AppError (exit 2): in a release, when its REVISION is not the bundle's; in a checkout, when src/ or the lockfile
 * has changed since it was built.
 */
export const requireFreshBuild = (root: string): void => {
  const { release, sources } = readBuild(root)
  if (release && release.revision !== release.bundle)
    throw usageError(
      `The release ${root} is of commit ${release.revision}, its bundle of ${release.bundle || 'an unknown one'}.`,
      'deliver it again, with a bundle of its own: npm run build, then infrastructure/scripts/release.sh sync ENV',
    )
  if (sources && sources.now !== sources.built)
    throw usageError(
      `The bundle in ${root}/dist is older than its sources.`,
      `cd ${root} && npm ci && npm run build`,
    )
}
