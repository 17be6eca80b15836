import { startStack as composeUp } from '../../io/docker/compose.ts'
import type { DockerHost } from '../../io/docker/host.ts'
import type { Progress } from '../../io/engine.ts'
import type { Kind } from '../../model/kind.ts'
import type { Stack } from '../../model/types.ts'

export type StartStack = { kind: 'start-stack'; stack: Stack }

export type ComposeTools = { docker: DockerHost; passEnv: readonly string[]; onProgress: Progress }

/** The stack of the database, by its compose file as it is now. */
export const startStack: Kind<StartStack, ComposeTools> = {
  words: ({ stack }) => [stack.project, 'start, wait until healthy'],
  line: ({ stack }) => `start ${stack.project}, wait until healthy`,
  perform: ({ stack }, { docker, passEnv, onProgress }) =>
    composeUp(docker, { stack, passEnv, onLine: onProgress }),
}
