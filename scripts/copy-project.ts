import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const ROOT = path.join(import.meta.dirname, '..')

/** Copies the files that git knows, as they are now, and nothing generated; links the packages. Answers the folder. */
export async function copyProject(): Promise<string> {
  const copy = await mkdtemp(path.join(tmpdir(), 'gatehouse-copy-'))
  const listed = await promisify(execFile)('git', ['ls-files', '-z'], { cwd: ROOT })
  for (const file of listed.stdout.split('\0').filter(Boolean)) {
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
