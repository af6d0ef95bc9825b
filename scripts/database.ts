import { runWrangler } from './wrangler.ts'

export type Row = Record<string, string | number | null>

/** Runs statements in one batch; answers the rows of each. */
export type Query = (...statements: readonly string[]) => Promise<readonly (readonly Row[])[]>

/** The database by wrangler's own access to it: whoever may deploy may do this. */
export function openDatabase(where: readonly string[]): Query {
  return async (...statements) => {
    const command = ['d1', 'execute', 'DB', ...where, '--json', '--command', statements.join(';\n')]
    const output = await runWrangler(command)
    const answers: readonly { results: readonly Row[] }[] = JSON.parse(output)
    return answers.map(({ results }) => results)
  }
}

/** A text as a literal: wrangler binds no parameters. */
export function quoted(text: string): string {
  if (text.includes('\0')) throw new Error('a text must not contain NUL')
  return `'${text.replaceAll("'", "''")}'`
}
