import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startChromium } from './chromium.ts'
import { startServer } from './server.ts'

let server: Awaited<ReturnType<typeof startServer>>
before(async () => {
  server = await startServer({})
})
after(() => server.stop())

const CSP = 'content-security-policy'
const PAGES = ['/docs', '/redoc']

const get = (path: string) => fetch(server.origin + path)

/** What a page of ours asks for. */
async function parts(page: string): Promise<readonly string[]> {
  const text = await (await get(page)).text()
  const references = [...text.matchAll(/\b(?:src|href)="([^"#]+)"/g)].map(([, url = '']) => url)
  assert.ok(references.length > 1)
  return references
}

test('the pages and their parts come from here, under the headers of the Worker', async () => {
  const isSecurity = (name: string) =>
    /^(cross-origin|origin-agent|strict|x-(?!request))/.test(name)
  const [ofAnswers, ofPages] = await Promise.all(
    ['/health', '/login'].map(async (path) => (await get(path)).headers),
  )
  assert.ok(ofAnswers && ofPages)
  const all = [...ofAnswers.keys()].filter(isSecurity)
  const documents = [...ofPages.keys()].filter(isSecurity)
  assert.deepEqual([all.length, documents.length], [4, 6])
  for (const page of PAGES) {
    for (const path of [page, ...(await parts(page))]) {
      const { status, headers } = await get(path)
      assert.equal(status, 200, path)
      assert.doesNotMatch(path, /^(?:\w+:)?\/\//)
      assert.equal(headers.get('referrer-policy'), 'no-referrer')
      for (const name of path === page ? documents : all) {
        assert.equal(headers.get(name), ofPages.get(name), `${name} ${path}`)
      }
    }
  }
})

test('their policy lets in no other origin and nothing inline', async () => {
  for (const page of PAGES) {
    const { headers } = await get(page)
    const policy = headers.get(CSP) ?? ''
    assert.match(policy, /^default-src 'none'; /)
    assert.match(policy, /base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/)
    assert.doesNotMatch(policy, /unsafe|http|\*/)
    const text = await (await get(page)).text()
    assert.doesNotMatch(text, /<script(?! src=)|<style|\s(?:style|on\w+)=/)
  }
  assert.doesNotMatch((await get('/redoc')).headers.get(CSP) ?? '', /script-src|connect-src/)
  assert.equal(
    (await get('/health')).headers.get(CSP),
    "default-src 'none'; frame-ancestors 'none'",
  )
})

test('a slash at the end leads to the page too', async () => {
  for (const page of PAGES) {
    const response = await get(`${page}/`)
    assert.equal(response.status, 200)
    assert.equal(new URL(response.url).pathname, page)
  }
})

test('/redoc has every operation of the document that the Worker serves', async () => {
  const text = await (await get('/redoc')).text()
  const ids = [...(await (await get('/openapi.json')).text()).matchAll(/"operationId":"(\w+)"/g)]
  assert.ok(ids.length > 30)
  for (const [, id] of ids) assert.match(text, new RegExp(`<article id="${id}">`))
})

test('what is not there is still answered by the Worker', async () => {
  for (const path of ['/', '/docs/nothing', '/redoc/nothing', '/_headers', '/index.html']) {
    const response = await get(path)
    assert.equal(response.status, 404, path)
    assert.equal(response.headers.get('Content-Type'), 'application/problem+json')
  }
})

test('in Chromium a call is made from /docs, with the token that Authorize was given', async () => {
  const response = await fetch(`${server.origin}/auth/signup`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'you@example.com', password: 'correct horse battery staple' }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  const chromium = await startChromium(server.origin)
  try {
    const page = await chromium.open()
    const foreign: string[] = []
    page.on('request', (request) => {
      const url = new URL(request.url())
      if (url.origin !== server.origin && url.protocol !== 'data:') foreign.push(request.url())
    })
    await page.goto('/docs')
    const operation = page.locator('#operations-Account-getAccount')
    const answered = (status: string) =>
      operation.locator('.live-responses-table tbody .response-col_status', { hasText: status })
    await operation.locator('.opblock-summary-control').click()
    await operation.getByRole('button', { name: 'Try it out' }).click()
    await operation.getByRole('button', { name: 'Execute' }).click()
    await answered('401').waitFor()

    await page.locator('.auth-wrapper .authorize').first().click()
    await page.locator('.modal-ux input').first().fill(token)
    await page.locator('.modal-ux .authorize').first().click()
    await page.locator('.modal-ux .close-modal').click()
    await operation.getByRole('button', { name: 'Execute' }).click()
    await answered('200').waitFor()
    assert.match((await operation.textContent()) ?? '', /you@example\.com/)
    assert.deepEqual(foreign, [])
  } finally {
    await chromium.stop()
  }
})
