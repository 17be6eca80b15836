/** Sessions that an environment of many databases has open side by side: a server has few for everybody. */
export const fewSessions = 8
