import { type Browser, chromium, type Page } from 'playwright-core'
import { needTool } from '../machines/apt.ts'

/** Debian's Chromium, headless. */
export const openBrowser = async (): Promise<Browser> => {
  await needTool('chromium', 'chromium')
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
}

export type Look = { width: number; scheme: 'light' | 'dark' }

export const looks: readonly Look[] = [390, 1280].flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => ({ width, scheme })),
)

/** A page as opened from a disk, with everything that it asked for or complained of. */
export type Opened = AsyncDisposable & { page: Page; said: string[] }

export const openPage = async (browser: Browser, file: string, { width, scheme }: Look): Promise<Opened> => {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme })
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))
  page.on('pageerror', (error) => said.push(error.message))
  page.on('dialog', (dialog) => {
    said.push(dialog.message())
    void dialog.dismiss()
  })
  page.on('request', (request) => said.push(request.url()))
  await page.goto(`file://${file}`)
  return { page, said, [Symbol.asyncDispose]: () => page.close() }
}
