import { createHash } from 'node:crypto'
import {
  headerReplacements,
  publishReplacements,
  verificationReplacements,
  windowReplacements,
} from './code-rules.ts'
import { guardReplacements, sqlReplacements } from './sql-rules.ts'
import { type Node, parse, type Replacement } from './syntax.ts'

/** One place of a source file broken by a rule. */
export interface Mutant extends Replacement {
  /** Stays the same while what is broken and what stands around it do. */
  readonly id: string
  readonly file: string
  readonly line: number
  /** What stood there, on one line. */
  readonly was: string
}

type Rule = (program: Node, source: string) => readonly Replacement[]

/** Which rules go over which files: the first pattern that fits. */
const RULES: readonly (readonly [pattern: RegExp, rules: readonly Rule[]])[] = [
  [/^src\/store\//, [sqlReplacements, guardReplacements, windowReplacements]],
  [/^src\/crypto\/foreign-password\//, []],
  [/^src\/(?:crypto|verify)\//, [verificationReplacements, windowReplacements]],
  [/^src\/auth\//, [publishReplacements, windowReplacements]],
  [/^src\/http\/pages\//, [headerReplacements, publishReplacements]],
  [/^src\/http\//, [headerReplacements, publishReplacements, windowReplacements]],
]

/** All mutants of a file, in its order; none where no rule goes over it. */
export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const rules = RULES.find(([pattern]) => pattern.test(file))?.[1] ?? []
  if (rules.length === 0) return []
  const program = parse(file, source)
  const places = new Map<string, Replacement>()
  for (const each of rules.flatMap((rule) => rule(program, source))) {
    const place = `${each.start}:${each.end}:${each.text}`
    if (source.slice(each.start, each.end) !== each.text) places.set(place, each)
  }
  const seen = new Map<string, number>()
  return [...places.values()]
    .toSorted((a, b) => a.start - b.start || a.end - b.end)
    .map((each) => {
      const was = source.slice(each.start, each.end).replace(/\s+/g, ' ')
      const what = `${file} ${each.rule} ${functionAround(program, each)} ${was} ${each.text}`
      const nth = (seen.get(what) ?? 0) + 1
      seen.set(what, nth)
      const id = createHash('sha256').update(`${what} ${nth}`).digest('hex').slice(0, 10)
      const line = source.slice(0, each.start).split('\n').length
      return { ...each, id, file, line, was }
    })
}

/** The source with the mutant in it. */
export function mutated(source: string, { start, end, text }: Mutant): string {
  return source.slice(0, start) + text + source.slice(end)
}

function functionAround(program: Node, { start, end }: Replacement): string {
  const declared = (program['body'] as readonly Node[]).find(
    (node) => node.start <= start && end <= node.end,
  )
  const text = JSON.stringify(declared, ['id', 'name', 'declaration', 'declarations'])
  return /"name":"(\w+)"/.exec(text)?.[1] ?? ''
}
