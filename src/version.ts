import packageFile from '../package.json' with { type: 'json' }

export const toolVersion = (): string => packageFile.version
