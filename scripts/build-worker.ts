// Builds .generated/worker, the Worker as wrangler serves and deploys it: one core, which every start evaluates, and beside it
// modules that are loaded when they are first needed. Fails when the core has grown too large.
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { type OutputChunk, type OutputOptions, rolldown } from 'rolldown'
import { writeFolder } from './write-folder.ts'

const ROOT = path.join(import.meta.dirname, '..')
const WORKER = path.join(ROOT, '.generated/worker')
const ENTRY = 'index.js'
const LARGEST_GZIP_BYTES = 100 * 1024

// What no start needs. Each loads on demand, by an import() in src.
const NOT_AT_START = [
  /\/src\/http\/pages\//,
  /\/src\/http\/administration-app\.ts$/,
  /\/src\/http\/openapi-(?:document|schemas|answers)\.ts$/,
  /\/src\/http\/examples\.ts$/,
  /\/src\/scheduled-job\.ts$/,
  /\/src\/auth\/(?:deliver-mails|delete-account|undo-email-change)\.ts$/,
  /\/src\/mail\/messages\.ts$/,
  /\/src\/store\/user-administration\.ts$/,
  /\/common-passwords\.ts$/,
  /\/foreign-password\/(?:argon2id|bcrypt|long-pbkdf2|scrypt)\.ts$/,
  /\/node_modules\/(?:@noble\/hashes|bcryptjs)\//,
  /\/zod\/v4\/core\/(?:to-json-schema|json-schema-processors)\.js$/,
]

const bundle = await rolldown({
  cwd: ROOT,
  input: 'src/index.ts',
  platform: 'neutral',
  external: /^cloudflare:/,
  resolve: {
    conditionNames: ['workerd', 'worker', 'import'],
    mainFields: ['module', 'main'],
    // bcryptjs asks Node for random bytes, which verifying needs none of.
    alias: { crypto: path.join(ROOT, 'src/crypto/foreign-password/no-node-crypto.ts') },
  },
  transform: { jsx: { development: false } },
  // The core exports what the other modules share with it, and the entry no more than the Worker has.
  preserveEntrySignatures: 'strict',
})
const core = await modulesAtStart()
const chunks = await generate({
  minify: true,
  sourcemap: true,
  entryFileNames: ENTRY,
  chunkFileNames: '[name].js',
  // Many small modules would compress badly, and all of the core is needed at once.
  codeSplitting: {
    groups: [
      { name: 'core', test: (id) => core.has(id) },
      { name: 'pages', test: /\/src\/http\/pages\// },
    ],
  },
})
await bundle.close()
write()
report()

async function generate(options: OutputOptions): Promise<readonly OutputChunk[]> {
  const { output } = await bundle.generate({ format: 'esm', ...options })
  return output.filter((part) => part.type === 'chunk')
}

/** The modules that a start evaluates, as the bundler splits them by itself. */
async function modulesAtStart(): Promise<ReadonlySet<string>> {
  const atStart = startOf(await generate({ entryFileNames: ENTRY }))
  return new Set(atStart.flatMap(({ modules }) => Object.keys(modules)))
}

/** The entry, and what it imports, but by import(). */
function startOf(all: readonly OutputChunk[]): readonly OutputChunk[] {
  const found = new Set<OutputChunk>()
  const visit = (name: string) => {
    const chunk = all.find(({ fileName }) => fileName === name)
    if (!chunk || found.has(chunk)) return
    found.add(chunk)
    for (const imported of chunk.imports) visit(imported)
  }
  visit(ENTRY)
  return [...found]
}

function write(): void {
  const files = new Map([
    // For `wrangler types`, which names the types of the main module by its file.
    ['index.d.ts', "export { default, TokenVerification } from '../../src/index'\n"],
    ...chunks.flatMap(({ fileName, code, map }) => [
      [fileName, code] as const,
      ...(map ? [[`${fileName}.map`, map.toString()] as const] : []),
    ]),
  ])
  writeFolder(WORKER, files)
}

function report(): void {
  const atStart = startOf(chunks)
  const misplaced = atStart
    .flatMap(({ modules }) => Object.keys(modules))
    .filter((id) => NOT_AT_START.some((pattern) => pattern.test(id)))
  if (misplaced.length > 0) throw new Error(`not on demand:\n${misplaced.join('\n')}`)
  const sizes = chunks.map((chunk) => ({ chunk, size: gzipSync(chunk.code).byteLength }))
  const sum = (of: typeof sizes) => of.reduce((total, { size }) => total + size, 0)
  const size = sum(sizes.filter(({ chunk }) => atStart.includes(chunk)))
  const kib = (bytes: number) => (bytes / 1024).toFixed(1)
  console.log(
    `worker: core ${kib(size)} of ${kib(LARGEST_GZIP_BYTES)} KiB, on demand ${kib(sum(sizes) - size)} KiB, minified and gzipped`,
  )
  if (process.argv.includes('--modules')) {
    for (const { chunk, size } of sizes) {
      const name = `${atStart.includes(chunk) ? 'core     ' : 'on demand'} ${chunk.fileName}`
      console.log(
        `  ${name.padEnd(34)} ${kib(chunk.code.length).padStart(6)} ${kib(size).padStart(6)}`,
      )
    }
  }
  if (size > LARGEST_GZIP_BYTES) throw new Error('the core has grown too large')
}
