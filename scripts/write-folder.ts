import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

/** Makes the folder hold these files, by their names within it, and no others. */
export function writeFolder(folder: string, files: ReadonlyMap<string, Buffer | string>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of files) write(path.join(folder, name), Buffer.from(content))
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    const name = path.relative(folder, file).replaceAll(path.sep, '/')
    if (entry.isFile() && !files.has(name)) rmSync(file, { force: true })
  }
}

// Another wrangler may be serving from here: it begins anew with each file that changes, and must find it whole.
function write(file: string, content: Buffer): void {
  if (existsSync(file) && readFileSync(file).equals(content)) return
  const draft = path.join(
    import.meta.dirname,
    '../.generated',
    `${path.basename(file)}.${process.pid}`,
  )
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(draft, content)
  renameSync(draft, file)
}
