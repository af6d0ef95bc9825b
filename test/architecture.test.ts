import { describe, expect, test } from 'vitest'

// The picture of the house, held against the code:
//
//   index.ts → http/ → auth/ → { store/  crypto/  events/  mail/ }, with config.ts and log.ts under all of them;
//   verify/, which runs in other Workers, takes of them what needs no database; client/, which other projects
//   import, takes nothing

const sources = Object.entries(
  import.meta.glob<string>('../src/**/*.{ts,tsx}', {
    query: '?raw',
    eager: true,
    import: 'default',
  }),
).map(([path, text]) => ({ path: path.replace('../src/', ''), text, code: withoutComments(text) }))

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

const layerOf = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : path)

const MAY_IMPORT: Record<string, readonly string[]> = {
  'index.ts': ['http', 'auth', 'crypto', 'config.ts', 'log.ts', 'scheduled-job.ts'],
  'scheduled-job.ts': ['http', 'auth'],
  http: ['http', 'auth', 'store', 'crypto', 'events', 'mail', 'config.ts', 'log.ts'],
  auth: ['auth', 'store', 'crypto', 'events', 'mail', 'config.ts', 'log.ts'],
  store: ['store'],
  crypto: ['crypto'],
  events: ['events'],
  mail: ['mail'],
  client: ['client'],
  verify: ['verify', 'auth', 'store', 'crypto', 'secret-values.ts'],
  'config.ts': ['config-values.ts', 'secret-values.ts'],
  'config-values.ts': ['secret-values.ts'],
  'secret-values.ts': [],
  'log.ts': ['config.ts'],
}

/** The modules a file imports: ours as paths within src, others by name. */
function importsOf({ path, code }: { path: string; code: string }) {
  const specifiers = [...code.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, s = '']) => s)
  return specifiers.map((specifier) => {
    if (!specifier.startsWith('.')) return { specifier, own: null }
    const own = new URL(specifier, `https://src/${path}`).pathname.slice(1)
    return { specifier, own }
  })
}

function filesMatching(pattern: RegExp, allowed: (path: string) => boolean): string[] {
  return sources
    .filter(({ path, code }) => !allowed(path) && pattern.test(code))
    .map(({ path }) => path)
}

const within =
  (...layers: string[]) =>
  (path: string) =>
    layers.some((layer) => path === layer || path.startsWith(`${layer}/`))
const nowhere = () => false

test('the sources were found', () => {
  expect(sources.length).toBeGreaterThan(30)
})

test('imports go one way', () => {
  const wrong = sources.flatMap((source) =>
    importsOf(source)
      .flatMap(({ own }) => (own ? [own.includes('/') ? layerOf(own) : `${own}.ts`] : []))
      .filter((target) => !MAY_IMPORT[layerOf(source.path)]?.includes(target))
      .map((target) => `${source.path} → ${target}`),
  )
  expect(wrong).toEqual([])
})

test('no circles', () => {
  const edges = new Map(
    sources.map((source) => [
      source.path.replace(/\.tsx?$/, ''),
      importsOf(source).flatMap(({ own }) => own ?? []),
    ]),
  )
  const visit = (path: string, trail: readonly string[]): readonly string[] | null => {
    if (trail.includes(path)) return [...trail, path]
    for (const next of edges.get(path) ?? []) {
      const circle = visit(next, [...trail, path])
      if (circle) return circle
    }
    return null
  }
  for (const path of edges.keys()) expect(visit(path, [])).toBeNull()
})

describe('each thing has its place', () => {
  const importOf = (name: string) => new RegExp(`from '${name}`)
  const rules: [string, RegExp, (path: string) => boolean][] = [
    ['hono', importOf("(?:hono|@hono)[/']"), within('http', 'verify')],
    ['drizzle', importOf('drizzle-orm'), within('store')],
    ['jose', importOf("jose'"), within('crypto')],
    ['crypto.subtle', /\bsubtle\b/, within('crypto')],
    ['KV and D1 types', /\b(?:KVNamespace|D1Database)\b/, within('store')],
    ['console', /\bconsole\./, within('log.ts')],
    [
      'the clock',
      /Date\.now\(\)|new Date\(\)|performance\.now/,
      within('http/request-log.ts', 'index.ts'),
    ],
    [
      'bindings',
      /\bc\.env\b/,
      within('http/context.ts', 'http/request-log.ts', 'http/metrics.ts', 'http/rate-limit.ts'),
    ],
    ['an onError', /\.onError\(/, within('http/frame.ts')],
    [
      'a default export',
      /export default/,
      within('index.ts', 'crypto/foreign-password/no-node-crypto.ts'),
    ],
    [
      'what verifies foreign passwords',
      importOf('(?:@noble/hashes|bcryptjs)'),
      within('crypto/foreign-password'),
    ],
    // It is loaded when it is needed: a Worker starts without it.
    [
      'what verifies foreign passwords, imported at the start',
      /from '\S*\/(?:argon2id|bcrypt|long-pbkdf2|scrypt)'/,
      nowhere,
    ],
    ['Node', /from 'node:|process\.env/, nowhere],
    ['the ambient env', /from 'cloudflare:workers'/, within('index.ts')],
    ['any', /:\s*any\b|<any\b|\bas any\b/, nowhere],
    ['a non-null assertion', /[\w)\]]!(?:[.,;)\]]|$)/m, nowhere],
    ['an enum or namespace', /^\s*(?:export )?(?:const )?(?:enum|namespace) /m, nowhere],
    ['a silenced error', /@ts-(?:ignore|expect-error)|biome-ignore/, nowhere],
    ['a barrel', /export \* from/, nowhere],
    ['chance that can be foreseen', /Math\.random/, nowhere],
    // Its methods come with all of it, twice as large; a namespace's functions come one by one.
    ['zod but its functions', /from 'zod'|import \{[^}]*\bz\b[^}]*\} from 'zod/, nowhere],
    ['module state', /^(?:export )?let /m, nowhere],
    ['an unfinished thing', /TODO|FIXME/, nowhere],
  ]
  test.each(rules)('%s', (_name, pattern, allowed) => {
    expect(filesMatching(pattern, allowed)).toEqual([])
  })

  test('the client needs nothing', () => {
    const imports = sources.filter(({ path }) => within('client')(path)).flatMap(importsOf)
    expect(imports.length).toBeGreaterThan(10)
    expect(imports.filter(({ specifier }) => !/^\.\/[\w-]+$/.test(specifier))).toEqual([])
  })

  test('jose is always told the time', () => {
    const callers = sources.filter(({ code }) => /\bjwtVerify\(/.test(code))
    expect(callers).not.toHaveLength(0)
    for (const { path, code } of callers) expect(code, path).toContain('currentDate')
  })

  test('no file is named for having no name', () => {
    const nameless = /(?:^|\/)(?:utils?|helpers?|common|shared|lib|misc|types|constants)(?:\/|\.ts)/
    expect(sources.filter(({ path }) => nameless.test(path))).toEqual([])
  })
})

/** Of the function that the text begins with: the commas of its list, but those within brackets. */
function countParameters(text: string): number {
  const list = text.slice(text.search(/\w\(|>\(/) + 2)
  let depth = 0
  let count = 0
  let isEmpty = true
  for (const character of list.replaceAll('=>', '')) {
    if (depth === 0 && character === ')') break
    if ('({[<'.includes(character)) depth++
    if (')}]>'.includes(character)) depth--
    if (depth === 0 && character === ',') {
      count++
      isEmpty = true
    } else if (character.trim() !== '') isEmpty = false
  }
  return count + (isEmpty ? 0 : 1)
}

describe('sizes', () => {
  const lengths = sources.map(({ path, text }) => ({ path, lines: text.split('\n').length }))

  test('no file over 300 lines, the median at most 80', () => {
    expect(lengths.filter(({ lines }) => lines > 300)).toEqual([])
    const sorted = lengths.map(({ lines }) => lines).toSorted((a, b) => a - b)
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(80)
  })

  test('no function over 50 lines, the median at most 15, and at most 4 parameters', () => {
    const functions = sources.flatMap(({ path, text }) => {
      const lines = text.split('\n')
      return lines.flatMap((line, start) => {
        const name = /^(?:export )?(?:async )?function (\w+)/.exec(line)?.[1]
        if (!name) return []
        const length = lines.indexOf('}', start) - start + 1
        const rest = lines.slice(start, start + length).join('\n')
        return [{ name: `${path} ${name}`, length, parameters: countParameters(rest) }]
      })
    })
    expect(functions.filter(({ length }) => length > 50)).toEqual([])
    expect(functions.filter(({ parameters }) => parameters > 4)).toEqual([])
    expect(Math.max(...functions.map(({ parameters }) => parameters))).toBe(4)
    const sorted = functions.map(({ length }) => length).toSorted((a, b) => a - b)
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(15)
  })
})
