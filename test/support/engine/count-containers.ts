import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { baseEnv } from '../tool/tool.ts'
import { dbmateImage } from './images.ts'

/** How many containers of dbmate a project makes until it is asked: one for each database that is built. */
export const countBuilds = (project: string): (() => Promise<number>) => {
  const now = (Date.now() / 1000).toFixed(3)
  const wanted = [
    'type=container',
    'event=create',
    `image=${dbmateImage}`,
    `label=po-migrate.project=${project}`,
  ]
  // Listened to all the time: the engine remembers a few hundred events, of everybody.
  const listening = spawn(
    'docker',
    ['events', '--since', now, '--format', '{{.ID}}', ...wanted.flatMap((one) => ['--filter', one])],
    { env: baseEnv() as NodeJS.ProcessEnv, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let told = ''
  listening.stdout.on('data', (chunk: Buffer) => {
    told += String(chunk)
  })
  return async () => {
    // An event is told a moment after what it tells of.
    await sleep(500)
    const ended = once(listening, 'close')
    listening.kill()
    await ended
    return told.split('\n').filter(Boolean).length
  }
}
