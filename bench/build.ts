import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { runWrangler } from '../scripts/wrangler.ts'

const ROOT = path.join(import.meta.dirname, '..')
const OUT = path.join(ROOT, '.generated/bench')

/** The files of a Worker, the entry first, as absolute paths. */
export type Modules = readonly [string, ...string[]]

/** Our Worker, as a deploy would upload it. */
export async function buildService(): Promise<Modules> {
  const folder = path.join(OUT, 'service')
  rmSync(folder, { recursive: true, force: true })
  await runWrangler(['deploy', '--dry-run', '--outdir', folder])
  const others = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js') && file !== 'index.js')
    .map((file) => path.join(folder, file))
  return [path.join(folder, 'index.js'), ...others]
}

/** The Worker of the floors. */
export const buildFloors = () => buildBeside('floors')

/** Our Worker, which tells what it has D1 read. */
export const buildCounted = () => buildBeside('counted')

async function buildBeside(name: string): Promise<Modules> {
  const outfile = path.join(OUT, `${name}/index.js`)
  await build({
    entryPoints: [path.join(import.meta.dirname, `worker/${name}.ts`)],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    alias: { crypto: path.join(ROOT, 'src/crypto/foreign-password/no-node-crypto.ts') },
    external: ['cloudflare:*'],
    outfile,
  })
  return [outfile]
}
