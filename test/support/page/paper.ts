import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { run } from '../engine/docker.ts'
import { needTool } from '../machines/apt.ts'
import { type Opened, openPage } from './browser.ts'

/** A page as it is laid out on A4, on a screen that is dark: pixels of 210 mm, and what the margins leave of them. */
export const openOnPaper = async (browser: Browser, file: string): Promise<Opened> => {
  const opened = await openPage(browser, file, { width: 794, scheme: 'dark' })
  await opened.page.emulateMedia({ media: 'print' })
  await opened.page.evaluate("document.body.style.width = '178mm'")
  return opened
}

/** What reaches beyond the margins, without what is for screen readers alone. */
export const beyondPaper = (page: Page): Promise<string[]> =>
  page.evaluate(
    `[...document.body.querySelectorAll(':not(.hidden, thead *)')]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > document.body.clientWidth + 1)
      .map(({ outerHTML }) => outerHTML.slice(0, 80))`,
  )

/** The lines of each sheet of A4. */
export const sheetsOf = async (browser: Browser, file: string): Promise<string[][]> => {
  await needTool('pdftotext', 'poppler-utils')
  await using opened = await openPage(browser, file, { width: 1280, scheme: 'dark' })
  const directory = mkdtempSync(join(tmpdir(), 'po-migrate-paper-'))
  const path = join(directory, 'page.pdf')
  await opened.page.pdf({ format: 'A4', path })
  const { stdout } = await run('pdftotext', ['-layout', path, '-'])
  rmSync(directory, { recursive: true })
  return stdout
    .split('\f')
    .map((sheet) =>
      sheet
        .replaceAll(/ +/g, ' ')
        .split('\n')
        .filter((line) => line.trim() !== ''),
    )
    .filter((lines) => lines.length > 0)
}
