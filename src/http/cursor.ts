import * as z from 'zod/mini'
import type { Page } from '../auth/administration/page'

const LONGEST_CURSOR = 1024
const PAGE_LIMIT = 100

// A number, to who reads the document; a query holds only text.
const WHOLE_NUMBER = { type: 'integer', minimum: 1, maximum: PAGE_LIMIT, pattern: undefined }

/** The query of a paged list: how many, and from where on. `place` is what a cursor stands for. */
export function pageQuery<Place extends z.ZodMiniType>(place: Place) {
  return {
    limit: z
      ._default(
        z.pipe(
          z.pipe(
            z.string().check(z.regex(/^[1-9]\d{0,2}$/, 'must be a whole number')),
            z.transform((text: string) => Number(text)),
          ),
          z.number().check(z.maximum(PAGE_LIMIT, `must be at most ${PAGE_LIMIT}`)),
        ),
        50,
      )
      .check(z.meta({ description: 'How many at most; else 50', ...WHOLE_NUMBER })),
    cursor: z
      .optional(
        z.pipe(
          z.string().check(z.maxLength(LONGEST_CURSOR)),
          z.transform((text: string, { issues }): z.output<Place> => {
            const parsed = place.safeParse(decode(text))
            if (parsed.success) return parsed.data
            issues.push({ code: 'custom', message: 'is not a cursor of this list', input: text })
            return z.NEVER
          }),
        ),
      )
      .check(z.describe('`next_cursor` of the page before')),
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
