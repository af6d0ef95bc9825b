import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { applyMigrations, startWrangler } from '../../scripts/wrangler.ts'

const START_LIMIT_MS = 90_000

/** `wrangler dev` on a free port of 127.0.0.1, with a state folder and secrets of its own. */
export async function startServer(vars: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-e2e-'))
  const state = path.join(folder, 'state')
  const persistence = ['--persist-to', state]
  await applyMigrations(persistence)
  const secrets = path.join(folder, 'vars')
  const all = {
    ENVIRONMENT: 'development',
    RATE_LIMIT: 'off',
    AUTH_SECRETS: randomBytes(48).toString('base64'),
    PASSWORD_PEPPER_V1: randomBytes(32).toString('base64'),
    ...vars,
  }
  writeFileSync(
    secrets,
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )

  const port = await freePort()
  const command = [
    'dev',
    '--ip',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--env-file',
    secrets,
    ...persistence,
  ]
  const server = startWrangler(command, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk
    })
  }
  const closed = new Promise((resolve) => server.on('close', resolve))
  const stop = async () => {
    server.kill('SIGTERM')
    await closed
    rmSync(folder, { recursive: true, force: true })
  }
  const origin = `http://127.0.0.1:${port}`
  const deadline = Date.now() + START_LIMIT_MS
  while (!(await answers(origin))) {
    if (Date.now() < deadline && server.exitCode === null) continue
    await stop()
    throw new Error(`wrangler dev did not start:\n${output}`)
  }
  return { origin, state, stop, output: () => output }
}

async function answers(origin: string): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 250))
  return fetch(`${origin}/health`).then(
    () => true,
    () => false,
  )
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject()))
    })
  })
}
