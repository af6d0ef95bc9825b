// Builds what other projects import, with its declarations, into dist: gatehouse/client, one module that needs no other, and
// gatehouse/verify, for Workers. Fails when the client has grown too large.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build } from 'esbuild'

const ROOT = path.join(import.meta.dirname, '..')
const DIST = path.join(ROOT, 'dist')
const LARGEST_GZIP_BYTES = 4096

const COMMON: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  logLevel: 'warning',
}

rmSync(DIST, { recursive: true, force: true })
await buildClient()
await buildVerify()
for (const project of ['src/client', 'src/verify']) declare(project)
const ENTRIES = ['client/create-auth-client', 'verify/middleware', 'verify/token-verifier']
const needed = new Set<string>()
for (const entry of ENTRIES) need(path.join(DIST, `${entry}.d.ts`))
for (const file of readdirSync(DIST, { recursive: true, encoding: 'utf8' })) {
  const declarations = path.join(DIST, file)
  if (file.endsWith('.d.ts') && !needed.has(declarations)) rmSync(declarations)
}

async function buildClient(): Promise<void> {
  const outfile = path.join(DIST, 'client/create-auth-client.js')
  const entryPoints = ['src/client/create-auth-client.ts']
  const { metafile } = await build({ ...COMMON, entryPoints, outfile, metafile: true })
  const foreign = Object.keys(metafile.inputs).filter((input) => !input.startsWith('src/client/'))
  if (foreign.length > 0) throw new Error(`the client must need nothing: ${foreign.join(', ')}`)
  const size = gzippedSize(outfile)
  console.log(`gatehouse/client: ${size} of ${LARGEST_GZIP_BYTES} bytes, minified and gzipped`)
  if (size > LARGEST_GZIP_BYTES) throw new Error('the client has grown too large')
}

/** The two modules share what they have in common, and take their libraries from the project that imports them. */
async function buildVerify(): Promise<void> {
  const entryPoints = ['src/verify/middleware.ts', 'src/verify/token-verifier.ts']
  const outdir = path.join(DIST, 'verify')
  const external = ['hono', 'hono/*', 'jose', 'zod']
  await build({ ...COMMON, entryPoints, outdir, external, splitting: true })
  const sizes = readdirSync(outdir).map((file) => gzippedSize(path.join(outdir, file)))
  console.log(
    `gatehouse/verify: ${sizes.reduce((sum, size) => sum + size)} bytes besides its libraries`,
  )
}

function gzippedSize(file: string): number {
  return gzipSync(readFileSync(file)).byteLength
}

function declare(project: string): void {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', project], { cwd: ROOT, stdio: 'inherit' })
}

/** The declarations in this file and those that it refers to: tsc writes those of the whole Worker. */
function need(file: string): void {
  if (needed.has(file)) return
  needed.add(file)
  const text = readFileSync(file, 'utf8')
  const references = [...text.matchAll(/(?:from |import\()["'](\.{1,2}\/[\w/-]+)["']/g)]
  // Node's own resolution, unlike a bundler's, wants to be told the whole name of a file.
  writeFileSync(file, text.replace(/((?:from |import\()["']\.{1,2}\/[\w/-]+)(["'])/g, '$1.js$2'))
  for (const [, reference = ''] of references) need(path.resolve(file, '..', `${reference}.d.ts`))
}
