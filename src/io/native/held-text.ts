import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { pid } from 'node:process'

/** In memory on every Linux, also where the root is read-only. */
const memory = '/dev/shm'
const descriptors = `/proc/${pid}/fd`

const directoryFor = (fallback: string): string => {
  try {
    accessSync(memory, constants.W_OK)
    return memory
  } catch {
    return fallback
  }
}

/**
 * Text at a path in `directory`, for processes of this user. It has no name beside that link into this process, so that nothing
 * of it is left however the process ends. Where the system shows no descriptors (macOS), a file of mode 0600: its directory's
 * owner removes it.
 */
export const holdText = (
  text: string,
  { directory, name }: { directory: string; name: string },
): Disposable => {
  const path = join(directory, name)
  const linked = existsSync(descriptors)
  const file = linked ? join(directoryFor(directory), `${name}-${pid}-${Date.now().toString(36)}`) : path
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    writeSync(descriptor, text)
    if (linked) symlinkSync(join(descriptors, String(descriptor)), path)
  } catch (error) {
    closeSync(descriptor)
    throw error
  } finally {
    if (linked) unlinkSync(file)
  }
  return { [Symbol.dispose]: () => closeSync(descriptor) }
}
