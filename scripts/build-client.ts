// Builds the client that other projects import as gatehouse/client: one module that needs no other, and its
// declarations, into dist/client. Fails when it has grown too large.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const ROOT = path.join(import.meta.dirname, '..')
const SOURCE = 'src/client'
const TARGET = path.join(ROOT, 'dist/client')
const LARGEST_GZIP_BYTES = 4096

rmSync(TARGET, { recursive: true, force: true })
await bundle()
declare()

async function bundle(): Promise<void> {
  const outfile = path.join(TARGET, 'create-auth-client.js')
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [`${SOURCE}/create-auth-client.ts`],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    metafile: true,
    logLevel: 'warning',
  })
  const foreign = Object.keys(metafile.inputs).filter((input) => !input.startsWith(`${SOURCE}/`))
  if (foreign.length > 0) throw new Error(`the client must need nothing: ${foreign.join(', ')}`)
  const size = gzipSync(readFileSync(outfile)).byteLength
  console.log(`gatehouse/client: ${size} of ${LARGEST_GZIP_BYTES} bytes, minified and gzipped`)
  if (size > LARGEST_GZIP_BYTES) throw new Error('the client has grown too large')
}

function declare(): void {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', SOURCE], { cwd: ROOT, stdio: 'inherit' })
  // Node's own resolution, unlike a bundler's, wants to be told the whole name of a file.
  for (const name of readdirSync(TARGET).filter((file) => file.endsWith('.d.ts'))) {
    const file = path.join(TARGET, name)
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(/ from '(\.\/[\w-]+)'/g, " from '$1.js'"),
    )
  }
}
