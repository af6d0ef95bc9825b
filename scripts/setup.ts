// Makes a fresh clone ready to run: local secrets when there are none, and the local database up to date.
// Running it again changes nothing.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { applyMigrations } from './wrangler.ts'

writeDevVars(path.join(import.meta.dirname, '../.dev.vars'))
await applyMigrations()

function writeDevVars(file: string): void {
  if (existsSync(file)) return
  const values = readFileSync(`${file}.example`, 'utf8')
    .replace(/^AUTH_SECRETS=$/m, `AUTH_SECRETS=${randomBytes(48).toString('base64')}`)
    .replace(/^PASSWORD_PEPPER_V1=$/m, `PASSWORD_PEPPER_V1=${randomBytes(32).toString('base64')}`)
  writeFileSync(file, values, { mode: 0o600, flag: 'wx' })
  console.log('Wrote .dev.vars with random secrets.')
}
