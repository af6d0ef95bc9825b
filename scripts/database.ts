import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { applyMigrations, runWrangler } from './wrangler.ts'

export type Row = Record<string, string | number | null>

/** Runs statements in one batch; answers the rows of each. */
export type Query = (...statements: readonly string[]) => Promise<readonly (readonly Row[])[]>

/** Which database, in wrangler's words, for the options of the command line. */
export function databaseOptions(values: {
  readonly remote: boolean
  readonly 'persist-to'?: string | undefined
}): readonly string[] {
  if (values.remote) return ['--remote']
  const folder = values['persist-to']
  if (folder === undefined) return ['--local']
  return ['--local', '--persist-to', path.resolve(process.env['INIT_CWD'] ?? '.', folder)]
}

/** The database by wrangler's own access to it: whoever may deploy may do this. */
export function openDatabase(where: readonly string[]): Query {
  return async (...statements) => {
    const command = ['d1', 'execute', 'DB', ...where, '--json', '--command', statements.join(';\n')]
    const output = await runOnDatabase(where, command)
    const answers: readonly { results: readonly Row[] }[] = JSON.parse(output)
    return answers.map(({ results }) => results)
  }
}

/** Runs statements in one transaction that is too long for a command line. Who else is on the machine cannot read it. */
export async function runFile(
  where: readonly string[],
  statements: readonly string[],
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-'))
  const file = path.join(folder, 'statements.sql')
  try {
    writeFileSync(file, `${statements.join(';\n')};\n`, { mode: 0o600 })
    await runOnDatabase(where, ['d1', 'execute', 'DB', ...where, '--json', '--file', file])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A local database that nobody has used yet has no tables: it gets them, and the command runs again. */
async function runOnDatabase(
  where: readonly string[],
  command: readonly string[],
): Promise<string> {
  try {
    return await runWrangler(command)
  } catch (error) {
    const [place, ...more] = where
    if (place !== '--local' || !String(error).includes('no such table')) throw error
    await applyMigrations(more)
    return runWrangler(command)
  }
}

/** A text as a literal: wrangler binds no parameters. */
export function quoted(text: string): string {
  if (text.includes('\0')) throw new Error('a text must not contain NUL')
  return `'${text.replaceAll("'", "''")}'`
}
