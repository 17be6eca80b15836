import { execFileSync } from 'node:child_process'
import { postgresImage } from '../engine/images.ts'

/** Tests talk to a real engine with the test images in it: `make test` provides both. */
export const setup = (): void => {
  try {
    execFileSync('docker', ['image', 'inspect', postgresImage], { stdio: 'ignore' })
  } catch {
    throw new Error(`no Docker engine with ${postgresImage} answers: run make test, or make images`)
  }
}
