// Breaks one place of the source at a time, in a copy of the project, and sees whether a test notices. The places follow from
// rules (scripts/mutants/generate.ts); those where nothing observable changes are named, with the reason, in
// test/mutants/equivalent.ts.
//
// `--quick` asks only the tests most likely to notice: what survives them is a candidate, to be judged by all.
//
// npm run test:mutants -- [--sample N] [--seed S] [--only text] [--quick] [--list] [--check]
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { EQUIVALENT, type Equivalent } from '../test/mutants/equivalent.ts'
import { readCoverage } from './mutants/covering.ts'
import { type Mutant, mutantsOf } from './mutants/generate.ts'
import { Judge, type Verdict } from './mutants/judge.ts'
import { projectFiles, ROOT } from './mutants/project-files.ts'

const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
  },
})

const all = await allMutants()
const idle = EQUIVALENT.filter((each) => !all.some((mutant) => isOf(each, mutant)))
for (const each of idle) console.error(`no such mutant any more: ${each.file}: ${each.was}`)
if (idle.length > 0) process.exit(1)

const open = all.filter((mutant) => !EQUIVALENT.some((each) => isOf(each, mutant)))
const wanted = open.filter((mutant) => described(mutant).includes(values.only))
const chosen = values.sample ? sampleOf(wanted, Number(values.sample), Number(values.seed)) : wanted
console.log(
  `${all.length} mutants by rule, ${all.length - open.length} equivalent, ${chosen.length} chosen` +
    (values.sample ? `, seed ${values.seed}` : ''),
)
if (values.check) process.exit(0)
if (values.list) {
  for (const mutant of chosen) console.log(described(mutant))
} else await judgeAll(chosen)

async function allMutants(): Promise<readonly Mutant[]> {
  const files = (await projectFiles('src')).filter((file) => /\.tsx?$/.test(file))
  const found = await Promise.all(
    files.map(async (file) => mutantsOf(file, await readFile(path.join(ROOT, file), 'utf8'))),
  )
  return found.flat()
}

async function judgeAll(mutants: readonly Mutant[]): Promise<void> {
  const testsOf = await readCoverage()
  const counts = new Map<Verdict, number>()
  const queue = [...mutants]
  await Promise.all(
    Array.from({ length: Number(values.jobs) }, async () => {
      const judge = await Judge.open()
      try {
        for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
          const start = performance.now()
          const verdict = await judge.judge(mutant, testsOf(mutant), {
            isQuick: values.quick,
          })
          const seconds = ((performance.now() - start) / 1000).toFixed(0)
          counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
          console.log(`${verdict.padEnd(9)} ${seconds.padStart(3)} s  ${described(mutant)}`)
        }
      } finally {
        await judge.close()
      }
    }),
  )
  const count = (verdict: Verdict) => counts.get(verdict) ?? 0
  console.log([...counts].map(([verdict, number]) => `${number} ${verdict}`).join(', '))
  if (count('SURVIVED') + count('UNCOVERED') > 0) process.exitCode = 1
}

function described({ id, file, line, rule, was, text }: Mutant): string {
  return `${id} ${file}:${line} ${rule}: ${was.slice(0, 100)} → ${text.slice(0, 60)}`
}

function isOf(each: Equivalent, mutant: Mutant): boolean {
  return (
    each.file === mutant.file &&
    (each.rule === undefined || each.rule === mutant.rule) &&
    mutant.was === each.was
  )
}

// Fisher and Yates, by mulberry32: the same seed chooses the same.
function sampleOf(mutants: readonly Mutant[], size: number, seed: number): readonly Mutant[] {
  let state = seed >>> 0
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const keyed = mutants.map((mutant) => [random(), mutant] as const)
  return keyed
    .toSorted(([a], [b]) => a - b)
    .slice(0, size)
    .map(([, mutant]) => mutant)
}
