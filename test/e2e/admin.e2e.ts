import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { newSecrets } from '../../scripts/secrets.ts'
import { startServer } from './server.ts'

// The operator's command line against the database of a running service.

const { secrets, auditPublicKey } = newSecrets()
const SCRIPT = path.join(import.meta.dirname, '../../scripts/admin.ts')

let server: Awaited<ReturnType<typeof startServer>>
before(async () => {
  server = await startServer({ AUDIT_SIGNING_KEY: secrets.AUDIT_SIGNING_KEY })
})
after(() => server.stop())

async function admin(...words: readonly string[]): Promise<{ code: unknown; output: string }> {
  const command = [SCRIPT, ...words, '--persist-to', server.state]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, output }
}

async function call(method: string, address: string, token = '', body?: object) {
  const response = await fetch(server.origin + address, {
    method,
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  })
  const answer: { access_token: string; user: { id: string } } = JSON.parse(await response.text())
  return { status: response.status, body: answer }
}

const minutePasses = () => fetch(`${server.origin}/cdn-cgi/handler/scheduled`)

test('the first admin, and a trail that verifies', async () => {
  const email = "o'hara@example.com"
  assert.equal((await admin('grant', email)).code, 1)
  const password = 'correct horse battery staple'
  const { body } = await call('POST', '/auth/signup', '', { email, password })
  const { access_token: token } = body
  assert.equal((await call('GET', '/admin/users', token)).status, 403)

  assert.deepEqual(await admin('grant', email), {
    code: 0,
    output: `${email} is an admin now.\nThe email of the account is not verified.\n`,
  })
  assert.match((await admin('grant', email)).output, /already/)
  assert.equal((await call('GET', '/admin/users', token)).status, 200)
  assert.match((await admin('list')).output, new RegExp(`^${email}  ${body.user.id}$`, 'm'))
  const revoked = await admin('revoke', email)
  assert.equal(revoked.code, 1)
  assert.match(revoked.output, /last active admin/)

  await minutePasses()
  const verify = ['verify-audit', `--public-key=${auditPublicKey}`]
  const verified = await admin(...verify)
  assert.equal(verified.code, 0, verified.output)
  const head = /Head: (\S+)/.exec(verified.output)?.[1] ?? ''
  assert.match(server.output(), new RegExp(`"audit_sealed".*"${head}"`))
  assert.equal((await admin(...verify, `--expect-head=${head}`)).code, 0)
  assert.equal((await admin(...verify, '--expect-head', 'A'.repeat(43))).code, 1)
  assert.equal((await admin(...verify, '--expect-head', 'another')).code, 2)
  assert.equal((await admin('verify-audit', '--public-key', 'A'.repeat(43))).code, 1)
  assert.equal((await admin('verify-audit', '--public-key', 'none')).code, 2)

  const exported = (await admin('export-audit')).output.trim().split('\n')
  const types = exported.map((line): string => JSON.parse(line).type)
  assert.deepEqual(types, ['user_signed_up', 'permission_denied', 'roles_changed'])
})

test('a command that is none', async () => {
  assert.equal((await admin('grant')).code, 2)
  assert.equal((await admin('promote', 'you@example.com')).code, 2)
  assert.match((await admin('help')).output, /verify-audit/)
})
