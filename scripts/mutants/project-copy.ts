import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

export const ROOT = path.join(import.meta.dirname, '../..')

const run = promisify(execFile)

/** The files that git knows, or would know of if they were added. */
export async function projectFiles(...folders: readonly string[]): Promise<readonly string[]> {
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...folders]
  const { stdout } = await run('git', options, { cwd: ROOT })
  return stdout.split('\0').filter(Boolean)
}

/** A copy of the project as it is now, with `node_modules` linked; the caller deletes it. */
export async function copyProject(): Promise<string> {
  const copy = await mkdtemp(path.join(tmpdir(), 'gatehouse-mutants-'))
  for (const file of await projectFiles()) {
    await cp(path.join(ROOT, file), path.join(copy, file))
  }
  // Linked one by one, so that what tools keep in there is the copy's own.
  const modules = path.join(ROOT, 'node_modules')
  await mkdir(path.join(copy, 'node_modules'))
  for (const name of await readdir(modules)) {
    if (name.startsWith('.') && name !== '.bin') continue
    await symlink(path.join(modules, name), path.join(copy, 'node_modules', name))
  }
  return copy
}
