// Users in and out, by wrangler: `npm run users -- help`.
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { databaseOptions, openDatabase, runFile } from './database.ts'
import { exportUsers } from './export-users.ts'
import { importUsers } from './import-users.ts'

const HELP = `npm run users -- <command> [--remote]

  import FILE     users from NDJSON, one a line; names the lines that are refused, and exits with 1 if there are any.
                  Run it again after an interruption: who is there already is passed over
  export          all users as NDJSON, to be imported elsewhere
      --with-hashes   with the hashes of their passwords

--remote works on the deployed database, else on that of \`npm run dev\` (--persist-to DIR: on that of DIR).
docs/moving-in.md has the fields and the hashes that are taken.
`

const BAR = 30

class UsageError extends Error {}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = error instanceof UsageError || error instanceof TypeError ? 2 : 3
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      remote: { type: 'boolean', default: false },
      'persist-to': { type: 'string' },
      'with-hashes': { type: 'boolean', default: false },
    },
  })
  const [command, file, ...more] = positionals
  const where = databaseOptions(values)
  if (more.length > 0 || (file !== undefined && command !== 'import')) {
    throw new UsageError('There is a word too many.')
  }
  if (command === 'import') return importFile(file, where)
  if (command === 'export') return exportAll(where, values['with-hashes'])
  console.log(HELP)
  return command === undefined || command === 'help' ? 0 : 2
}

async function importFile(file: string | undefined, where: readonly string[]): Promise<number> {
  if (file === undefined) throw new UsageError('Which file?')
  const source = path.resolve(process.env['INIT_CWD'] ?? '.', file)
  let total = 0
  for await (const _ of linesOf(source)) total++
  const { imported, unchanged, refused } = await importUsers(
    linesOf(source),
    { query: openDatabase(where), run: (statements) => runFile(where, statements) },
    {
      now: Date.now(),
      onRefused: (line, reason) => console.log(`line ${line}: ${reason}`),
      onProgress: (lines) => showProgress(lines, total),
    },
  )
  process.stderr.write('\n')
  console.log(`${imported} imported, ${unchanged} there already, ${refused} refused.`)
  return refused === 0 ? 0 : 1
}

async function exportAll(where: readonly string[], withHashes: boolean): Promise<number> {
  for await (const line of exportUsers(openDatabase(where), withHashes)) console.log(line)
  return 0
}

// Opened when the first line is asked for: what is read before that would be lost.
async function* linesOf(file: string): AsyncIterable<string> {
  yield* createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })
}

function showProgress(lines: number, total: number): void {
  const done = Math.round((lines / Math.max(total, 1)) * BAR)
  process.stderr.write(
    `\r[${'#'.repeat(done)}${'.'.repeat(BAR - done)}] ${lines} of ${total} lines`,
  )
}
