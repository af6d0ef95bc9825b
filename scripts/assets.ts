// Builds .generated/assets, the files that are served beside the Worker: Swagger UI at /docs and a page to read
// the API on at /redoc. wrangler runs it before it serves or deploys.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readerPage } from './reader.ts'
import { writeFolder } from './write-folder.ts'

const ROOT = path.join(import.meta.dirname, '..')
const ASSETS = path.join(ROOT, '.generated/assets')
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

writeFolder(ASSETS, files)
