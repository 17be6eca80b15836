import type { Kind } from '../../model/kind.ts'
import type { RestoreTools } from './restore-kinds.ts'

export type CreateRoles = { kind: 'create-roles'; roles: readonly string[] }

export const createRoles: Kind<CreateRoles, RestoreTools> = {
  words: ({ roles }) => ['roles', `create ${roles.join(', ')}`],
  line: ({ roles }) => ['roles', `create ${roles.join(', ')}`],
  perform: async ({ roles }, { restore }) => (await restore()).createRoles(roles),
  left: ({ roles }, status) => (status === 'done' ? [`made, and here to stay: ${roles.join(', ')}`] : []),
}
