/** Of a run's sessions: that of its lock, that of dbmate, and one for what takes long. */
export const ownSessions = 3

/** That a config may allow a run at once. */
export const mostConnections = 100

/** Sessions that an environment of many databases has open side by side: a server has few for everybody. */
export const fewSessions = 8

/** Databases of a fleet that are read side by side: more at once than there are sessions would take them from each other. */
export const membersAtOnce = fewSessions - ownSessions - 1
