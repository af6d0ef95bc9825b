import { readdir } from 'node:fs/promises'
import path from 'node:path'

export const ROOT = path.join(import.meta.dirname, '../..')

/** The files in these folders, as paths from the root of the project, in order. */
export async function projectFiles(...folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    folders.map(async (folder) => {
      const options = { recursive: true, withFileTypes: true } as const
      const entries = await readdir(path.join(ROOT, folder), options)
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    }),
  )
  return found.flat().toSorted()
}
