/** Opened by whoever asks first, and closed at the end if anybody did. */
export const once = <T extends AsyncDisposable>(
  make: () => Promise<T>,
): AsyncDisposable & { open: () => Promise<T> } => {
  let opened: Promise<T> | undefined
  return {
    open: () => {
      opened ??= make()
      return opened
    },
    [Symbol.asyncDispose]: async () => {
      await (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]()
    },
  }
}
