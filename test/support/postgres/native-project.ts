import { join } from 'node:path'
import { root } from '../root.ts'
import { makeProject, type Project, type Store } from '../tool/project.ts'
import type { NativeServer } from './native.ts'

export const dbmateBinary = join(root, `node_modules/@dbmate/linux-${process.arch}/bin/dbmate`)

/** Where no engine is, so that whoever asks one fails. */
export const noDocker = { DOCKER_HOST: 'tcp://127.0.0.1:9', DOCKER_CONTEXT: undefined }

type Given = { store: Store; server?: object; environment?: object; dbmate?: object; password?: string }

/** A project whose environment `dev` is a server at an address, migrated by dbmate as a process. */
export const makeNativeProject = (
  { port, password }: Pick<NativeServer, 'port' | 'password'>,
  { store, server = {}, environment = {}, dbmate = {}, ...given }: Given,
): Project =>
  makeProject({
    network: '',
    password,
    store,
    ...given,
    edit: (config) => {
      config.state = '../state'
      config.dbmate = { binary: dbmateBinary, ...dbmate }
      const { network: _, ...dev } = config.environments.dev
      config.environments = {
        dev: {
          ...dev,
          engine: 'native',
          wait: 0,
          server: { host: '127.0.0.1', port, ...server },
          ...environment,
        },
      }
    },
  })
