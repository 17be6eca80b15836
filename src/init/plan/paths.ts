const parts = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.')

export const directoryOf = (path: string): string => parts(path).slice(0, -1).join('/')

export const baseOf = (path: string): string => parts(path).at(-1) ?? ''

/** A path of the project as a file in it would write it. */
export const pathFrom = (file: string, path: string): string => {
  const from = parts(directoryOf(file))
  const to = parts(path)
  const common = from.findIndex((part, index) => part !== to[index])
  const shared = common < 0 ? from.length : common
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/') || '.'
}
