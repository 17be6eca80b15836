import { userInfo } from 'node:os'

/** Who runs this; a container or a service may give a process a number that no account has. */
export const loginName = (uid: number | undefined, read: () => { username: string } = userInfo): string => {
  try {
    return read().username
  } catch {
    return `uid ${uid ?? 'unknown'}`
  }
}
