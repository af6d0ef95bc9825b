import * as z from 'zod'
import type { Page } from '../auth/administration/page'

const LONGEST_CURSOR = 1024
const PAGE_LIMIT = 100

// A number, to who reads the document; a query holds only text.
const WHOLE_NUMBER = { type: 'integer', minimum: 1, maximum: PAGE_LIMIT, pattern: undefined }

/** The query of a paged list: how many, and from where on. `place` is what a cursor stands for. */
export function pageQuery<Place extends z.ZodType>(place: Place) {
  return {
    limit: z
      .string()
      .regex(/^[1-9]\d{0,2}$/, 'must be a whole number')
      .transform(Number)
      .pipe(z.number().max(PAGE_LIMIT, `must be at most ${PAGE_LIMIT}`))
      .default(50)
      .meta({ description: 'How many at most; else 50', ...WHOLE_NUMBER }),
    cursor: z
      .string()
      .max(LONGEST_CURSOR)
      .transform((text, { addIssue, value }): z.output<Place> => {
        const parsed = place.safeParse(decode(text))
        if (parsed.success) return parsed.data
        addIssue({ code: 'custom', message: 'is not a cursor of this list', input: value })
        return z.NEVER
      })
      .optional()
      .describe('`next_cursor` of the page before'),
  }
}

/** `next_cursor` of a page. */
export function cursorOf({ next }: Page<unknown, unknown>): string | null {
  if (next === null) return null
  const bytes = new TextEncoder().encode(JSON.stringify(next))
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
}

function decode(cursor: string): unknown {
  try {
    const bytes = Uint8Array.fromBase64(cursor, { alphabet: 'base64url' })
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
