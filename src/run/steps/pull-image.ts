import type { Kind } from '../../model/kind.ts'
import type { MigrateTools } from '../migrate-tools.ts'

export type PullImage = { kind: 'pull-image'; image: string }

export const pullImage: Kind<PullImage, MigrateTools> = {
  words: ({ image }) => [image, 'pull image'],
  line: ({ image }) => `pull ${image}`,
  perform: ({ image }, { engine, onProgress }) => engine.pull(image, onProgress),
  leavesNothing: true,
}
