import { setTimeout as sleep } from 'node:timers/promises'
import { type Docker, httpStatus } from './docker.ts'

const attempts = 20
const pause = 250

/**
 * Removes a container, running or not, with its anonymous volumes; one that is gone already is fine. While somebody else
 * starts or removes it Docker answers 409: then it is asked again for 5 seconds.
 */
export const removeContainer = async (docker: Docker, id: string): Promise<void> => {
  for (let tries = 1; ; tries++)
    try {
      await docker.getContainer(id).remove({ force: true, v: true })
      return
    } catch (error) {
      if (httpStatus(error) === 404 || (httpStatus(error) === 409 && tries === attempts)) return
      if (httpStatus(error) !== 409) throw error
      await sleep(pause)
    }
}
