import type { RoleInventory } from './inventory.ts'

/** Where the real server has none who may log in. */
export const noSuperuser = 'po_migrate_scratch'

/**
 * The superuser of a scratch server that stands for a real one: whoever works there where that is one, since what it owns keeps its
 * owner, else another one of the real server's who may log in.
 */
export const scratchSuperuser = (
  roles: readonly Pick<RoleInventory, 'name' | 'superuser' | 'login'>[],
  user: string,
): string => {
  const fit = roles.filter(({ superuser, login }) => superuser && login).map(({ name }) => name)
  return fit.includes(user) ? user : (fit[0] ?? noSuperuser)
}
