import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import axe from 'axe-core'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'

// Debian's Chromium, on the pages as they are served. What it saw is in test-output/.

const OUTPUT = path.join(import.meta.dirname, '../../test-output')
const WIDTHS = [390, 1280]
const SCHEMES = ['light', 'dark'] as const

/** Chromium; `open` gives a page of a browser of its own, with no cookies. */
export async function startChromium(origin: string) {
  mkdirSync(OUTPUT, { recursive: true })
  const isRoot = process.getuid?.() === 0
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    // The sandbox refuses root, which CI in a container is.
    args: isRoot ? ['--no-sandbox'] : [],
  })
  return {
    async open(options: BrowserContextOptions = {}): Promise<Page> {
      const context = await browser.newContext({ baseURL: origin, ...options })
      const page = await context.newPage()
      // A page that breaks its own policy says so here, and nowhere else.
      page.on('console', (message) => {
        const isRefusal = /Content.Security.Policy/i.test(message.text())
        if (isRefusal) throw new Error(`${page.url()}: ${message.text()}`)
      })
      return page
    },
    stop: () => browser.close(),
  }
}

/** Presses the button and waits for the page that it leads to. */
export async function press(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true })
  await Promise.all([page.waitForEvent('domcontentloaded'), button.click()])
}

export async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, text] of Object.entries(fields)) {
    await page.getByLabel(label, { exact: true }).fill(text)
  }
}

/** Keeps what the page looks like, wide and narrow, light and dark, and asks axe about each. */
export async function inspect(page: Page, name: string): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme })
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 })
      const file = path.join(OUTPUT, `${name}-${width}-${colorScheme}.png`)
      await page.screenshot({ path: file, fullPage: true })
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      assert.ok(Number(overflow) <= 0, `${name} is wider than ${width}: by ${overflow}`)
      await page.evaluate(axe.source)
      const { violations } = await page.evaluate<axe.AxeResults>('axe.run()')
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
      assert.deepEqual(told, [], `${name} at ${width}, ${colorScheme}`)
    }
  }
}
