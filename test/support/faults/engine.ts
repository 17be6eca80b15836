import { spawn } from 'node:child_process'
import { openSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { eventually, run } from '../engine/docker.ts'

const answers = async (): Promise<boolean> => {
  const { exit } = await run('timeout', ['5', 'docker', 'version', '--format', '{{.Server.Version}}'])
  return exit === 0
}

/** The pid and command line of the engine that `test-faults.sh` started. @throws for any other: none but that may be killed. */
const ownDaemon = (): { pid: number; pidFile: string; log: string; command: string[] } => {
  const { PO_FAULT_ENGINE: directory, PO_ENGINE_OWNED: owned, DOCKER_HOST: host = '' } = process.env
  if (!directory || owned !== '1')
    throw new Error('dockerd is killed in an engine of our own only: make test-faults')
  const pidFile = join(dirname(host.replace('unix://', '')), 'docker.pid')
  const pid = Number(readFileSync(pidFile, 'utf8'))
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
  if (!command.includes(`--data-root=${directory}/data`))
    throw new Error(`${host} is not the engine in ${directory}`)
  return { pid, pidFile, log: join(directory, 'dockerd.log'), command }
}

/** SIGKILL to dockerd; what is answered starts it again with the same command line, as systemd would. */
export const killDaemon = async (): Promise<() => Promise<void>> => {
  const { pid, pidFile, log, command } = ownDaemon()
  process.kill(pid, 'SIGKILL')
  await eventually('dockerd to be gone', async () => !(await answers()) || undefined)
  return async () => {
    const [file = '', ...args] = command
    // Nobody may have reaped the dead one yet; then its number still counts as running.
    for (const file of [pidFile, join(dirname(pidFile), 'exec/containerd/containerd.pid')])
      rmSync(file, { force: true })
    const output = openSync(log, 'a')
    spawn(file, args, { detached: true, stdio: ['ignore', output, output] }).unref()
    // Before it answers it stops what outlived it, each container within its grace period (60 s), one in its first init too.
    await eventually('dockerd to answer', async () => (await answers()) || undefined, 150_000)
  }
}
