import { run } from '../engine/docker.ts'

/** Installs a Debian package where its tool is missing: the tests use the real thing or say what to install. */
export const needTool = async (tool: string, packageName: string): Promise<void> => {
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`
  if ((await run('which', [tool], { env: { PATH } })).exit === 0) return
  console.warn(`installing ${packageName} with apt, for a real ${tool}`)
  const env = { PATH, DEBIAN_FRONTEND: 'noninteractive' }
  // Another file of tests may be installing something at this moment.
  const waiting = ['-o', 'DPkg::Lock::Timeout=300']
  const install = () =>
    run('apt-get', [...waiting, 'install', '-y', '-qq', '--no-install-recommends', packageName], { env })
  // A new machine has no package lists yet.
  if ((await install()).exit !== 0) await run('apt-get', ['update', '-qq'], { env })
  const { exit, stderr } = await install()
  if (exit !== 0) throw new Error(`install ${packageName} (Debian) first; apt said: ${stderr}`)
}
