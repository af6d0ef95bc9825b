import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startServer } from './server.ts'

// The mails that the local simulator of the binding leaves in its folder.

let server: Awaited<ReturnType<typeof startServer>>
before(async () => {
  server = await startServer({
    MAIL_FROM: 'Gatehouse <auth@example.com>',
    EMAIL_VERIFICATION: 'required',
    FRONTEND_URL: 'https://app.example.com',
  })
})
after(() => server.stop())

async function post(path: string, body: object) {
  const response = await fetch(server.origin + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-Host': 'evil.example' },
    body: JSON.stringify(body),
  })
  const answer: { code?: string } = JSON.parse(await response.text())
  return { status: response.status, code: answer.code }
}

/** The token of the n-th mail, when it is there. */
async function tokenOfMail(n: number): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const files = [...server.output().matchAll(/\S+email-text\S+\.txt/g)].map(([file]) => file)
    const file = [...new Set(files)][n - 1]
    if (file) {
      const text = readFileSync(file, 'utf8')
      assert.match(text, /https:\/\/app\.example\.com\//)
      assert.doesNotMatch(text, /evil/)
      return /#token=(\S+)/.exec(text)?.[1] ?? ''
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`no mail:\n${server.output()}`)
}

test('verify, forget, reset', async () => {
  const email = 'you@example.com'
  const password = 'correct horse battery staple'
  assert.equal((await post('/auth/signup', { email, password })).status, 201)
  assert.deepEqual(await post('/auth/login', { email, password }), {
    status: 403,
    code: 'email_not_verified',
  })
  const token = await tokenOfMail(1)
  assert.deepEqual(await post('/auth/verify-email', { token }), {
    status: 403,
    code: 'password_required',
  })
  assert.equal((await post('/auth/verify-email', { token, password })).status, 200)
  assert.equal((await post('/auth/login', { email, password })).status, 200)

  assert.equal((await post('/auth/forgot-password', { email })).status, 202)
  assert.equal((await post('/auth/forgot-password', { email: 'nobody@example.com' })).status, 202)
  const next = 'another horse, another battery'
  const reset = { token: await tokenOfMail(2), new_password: next }
  assert.equal((await post('/auth/reset-password', reset)).status, 200)
  assert.equal((await post('/auth/reset-password', reset)).code, 'invalid_link')
  assert.equal((await post('/auth/login', { email, password })).status, 401)
  assert.equal((await post('/auth/login', { email, password: next })).status, 200)
})
