import * as z from 'zod/mini'

// The form of secrets, for the service's own configuration and for other Workers that hold the same secrets
// (verify/). Messages name what is wrong, and never a value.

const SECRET_BYTES = 32
export const SECRET_DISTINCT_CHARACTERS = 10

export const list = z.pipe(
  z._default(z.string(), ''),
  z.transform((text: string) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  ),
)

export const secret = z.string().check(
  z.refine(
    (text) => new TextEncoder().encode(text).length >= SECRET_BYTES,
    `must be at least ${SECRET_BYTES} bytes`,
  ),
  z.refine(
    (text) => new Set(text).size >= SECRET_DISTINCT_CHARACTERS,
    'must be random (try: openssl rand -base64 48)',
  ),
)

export const secrets = z.pipe(
  list.check(z.refine((items) => items.length > 0, 'must hold at least one secret')),
  z.tuple([secret], secret),
)
