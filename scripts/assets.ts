// Builds .generated/assets, the files that are served beside the Worker: Swagger UI at /docs and a page to read
// the API on at /redoc. wrangler runs it before it serves or deploys.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { readerPage } from './reader.ts'

const ROOT = path.join(import.meta.dirname, '..')
const GENERATED = path.join(ROOT, '.generated')
const ASSETS = path.join(GENERATED, 'assets')
const SWAGGER_UI = [
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-bundle.js.LICENSE.txt',
  'LICENSE',
  'NOTICE',
]

const reference = (name: string) => readFileSync(path.join(ROOT, 'docs/reference', name))
const swaggerUi = (name: string) =>
  readFileSync(path.join(ROOT, 'node_modules/swagger-ui-dist', name))

const files = new Map<string, Buffer | string>([
  ['_headers', reference('_headers')],
  ['docs.html', reference('docs.html')],
  ['docs/docs.js', reference('docs.js')],
  ['docs/icon.svg', reference('icon.svg')],
  ...SWAGGER_UI.map((name) => [`docs/${name}`, swaggerUi(name)] as const),
  [
    'redoc.html',
    await readerPage(JSON.parse(readFileSync(path.join(ROOT, 'docs/openapi.json'), 'utf8'))),
  ],
  ['redoc/reader.css', reference('reader.css')],
  ['redoc/icon.svg', reference('icon.svg')],
])

mkdirSync(ASSETS, { recursive: true })
for (const [name, content] of files) write(name, Buffer.from(content))
for (const entry of readdirSync(ASSETS, { recursive: true, withFileTypes: true })) {
  const name = path.relative(ASSETS, path.join(entry.parentPath, entry.name))
  if (entry.isFile() && !files.has(name.replaceAll(path.sep, '/'))) rmSync(path.join(ASSETS, name))
}

// Whole or not at all: another wrangler may be serving from here.
function write(name: string, content: Buffer): void {
  const file = path.join(ASSETS, name)
  const draft = path.join(GENERATED, `${path.basename(name)}.${process.pid}`)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(draft, content)
  renameSync(draft, file)
}
