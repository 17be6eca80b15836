import { globSync } from 'node:fs'
import { needTool } from '../support/machines/apt.ts'

/** Debian's libfaketime, installed where it is missing. */
export const needFakeTime = async (): Promise<string> => {
  await needTool('faketime', 'faketime')
  const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1')
  if (!library) throw new Error('install libfaketime (Debian) first')
  return library
}

/** What a process needs in its environment to see another date; the machine's clock stays as it is. */
export const fakeClock = (library: string, days: number): Record<string, string> =>
  days === 0
    ? {}
    : {
        LD_PRELOAD: library,
        FAKETIME: `${days < 0 ? '' : '+'}${days}d`,
        // What is measured goes on at its pace, and nothing that sleeps is woken too late.
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        DONT_FAKE_MONOTONIC: '1',
      }
