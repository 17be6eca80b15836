/** The plan of `cutover vps` for a platform with one service an environment and one database that nobody manages. */
export const vpsSteps = [
  'back-up',
  'stop qual',
  'stop prod',
  'check-writes',
  'stop shared',
  'check-stopped',
  'copy-volume',
  'wipe-volume',
  'start-stack',
  'carry-system',
  'carry-roles',
  'migrate qual',
  'migrate prod',
  'carry-database',
  'carry-settings',
  'verify qual',
  'verify prod',
  'start qual',
  'start prod',
  'wait qual',
  'wait prod',
  'discard-copies',
]

/** The plan of `cutover dev` for a stack whose volume holds data. */
export const devSteps = [
  'stop-stack',
  'copy-volume',
  'wipe-volume',
  'start-stack',
  'migrate',
  'verify',
  'discard-copies',
]

/** The plan of `cutover vps --undo` for a whole cutover of such a platform. */
export const undoSteps = [
  'stop qual',
  'stop prod',
  'stop shared',
  'copy-volume',
  'wipe-volume',
  'bring-back',
  'start-stack',
  'start qual',
  'start prod',
  'wait qual',
  'wait prod',
]
