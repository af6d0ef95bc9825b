// Breaks one line at a time, in a copy of the project, and sees whether a test notices.
// `npm run test:mutants -- [text]` takes only the mutations whose description or file has the text.
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Mutation } from '../test/mutants/mutation.ts'
import { MUTATIONS } from '../test/mutants/mutations.ts'
import { copyProject } from './copy-project.ts'

type Verdict = 'killed' | 'SURVIVED' | 'STALE' | 'BROKEN'

const TIME_LIMIT_MS = 5 * 60 * 1000
const run = promisify(execFile)

/** How many tests passed and failed; a file that does not even load has none. */
async function runTests(copy: string, tests: readonly string[]) {
  const report = path.join(copy, 'report.json')
  await rm(report, { force: true })
  const vitest = path.join(copy, 'node_modules/vitest/vitest.mjs')
  const options = ['run', '--bail', '1', '--reporter', 'json', '--outputFile', report]
  const { stdout, stderr } = await run(process.execPath, [vitest, ...options, ...tests], {
    cwd: copy,
    timeout: TIME_LIMIT_MS,
  }).catch((failure) => failure)
  const written = await readFile(report, 'utf8').catch(() => '{}')
  const { numPassedTests = 0, numFailedTests = 0 } = JSON.parse(written)
  const output = `${stdout}${stderr}`
  return { passed: Number(numPassedTests), failed: Number(numFailedTests), output }
}

async function verdictOn(copy: string, { file, find, replace, tests }: Mutation): Promise<Verdict> {
  const target = path.join(copy, file)
  const text = await readFile(target, 'utf8')
  const [before = '', after, ...others] = text.split(find)
  if (after === undefined || others.length > 0) return 'STALE'
  await writeFile(target, before + replace + after)
  try {
    const { passed, failed, output } = await runTests(copy, tests)
    if (failed > 0) return 'killed'
    if (passed > 0) return 'SURVIVED'
    console.error(output)
    return 'BROKEN'
  } finally {
    await writeFile(target, text)
  }
}

const [wanted = ''] = process.argv.slice(2)
const chosen = MUTATIONS.filter(({ why, file }) => `${why} ${file}`.includes(wanted))
if (chosen.length === 0) throw new Error(`no mutation has "${wanted}"`)
const copy = await copyProject()
try {
  const { passed, failed } = await runTests(copy, [
    ...new Set(chosen.flatMap(({ tests }) => tests)),
  ])
  if (failed > 0 || passed === 0) throw new Error('the tests fail without any mutation')
  const verdicts: Verdict[] = []
  for (const mutation of chosen) {
    const start = performance.now()
    const verdict = await verdictOn(copy, mutation)
    verdicts.push(verdict)
    const seconds = ((performance.now() - start) / 1000).toFixed(0)
    console.log(`${verdict.padEnd(8)} ${seconds.padStart(3)} s  ${mutation.file}: ${mutation.why}`)
  }
  const killed = verdicts.filter((verdict) => verdict === 'killed').length
  console.log(`${killed} of ${chosen.length} killed`)
  if (killed < chosen.length) process.exitCode = 1
} finally {
  await rm(copy, { recursive: true })
}
