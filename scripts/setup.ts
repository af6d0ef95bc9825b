// Makes a fresh clone ready to run: local secrets when there are none, and the local database up to date.
// Running it again changes nothing.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { newSecrets } from './secrets.ts'
import { applyMigrations } from './wrangler.ts'

writeDevVars(path.join(import.meta.dirname, '../.dev.vars'))
await applyMigrations()

function writeDevVars(file: string): void {
  if (existsSync(file)) return
  const values = Object.entries(newSecrets().secrets).reduce(
    (text, [name, value]) => text.replace(new RegExp(`^(?:# )?${name}=$`, 'm'), `${name}=${value}`),
    readFileSync(`${file}.example`, 'utf8'),
  )
  writeFileSync(file, values, { mode: 0o600, flag: 'wx' })
  console.log('Wrote .dev.vars with random secrets.')
}
