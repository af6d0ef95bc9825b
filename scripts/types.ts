// Writes worker-configuration.d.ts, the types of the runtime and of the bindings, with wrangler. Does nothing where the
// file is newer than all that it is made from.
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { runWrangler } from './wrangler.ts'

const ROOT = path.join(import.meta.dirname, '..')
const TYPES = 'worker-configuration.d.ts'
const VARIABLES = '.dev.vars.example'
const MADE_FROM = ['wrangler.toml', VARIABLES, 'package-lock.json', 'scripts/types.ts']

const OPTIONS = ['--env-interface', 'CloudflareBindings', '--strict-vars', 'false']

const changedAt = (file: string) => statSync(path.join(ROOT, file)).mtimeMs
const isFresh =
  existsSync(path.join(ROOT, TYPES)) &&
  MADE_FROM.every((file) => changedAt(file) < changedAt(TYPES))

if (!isFresh) await runWrangler(['types', ...OPTIONS, '--env-file', VARIABLES])
