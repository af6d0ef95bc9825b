import * as z from 'zod/mini'
import type { ApiKey as StoredApiKey } from '../store/api-keys'
import { type Answered, answer, named } from './named'
import { isoTime, Name, Password } from './wire'

export const CreateApiKeyInput = named(
  'CreateApiKeyInput',
  z.object({
    name: Name.check(z.describe('What you will know it by')),
    permissions: z.pipe(
      z._default(z.array(z.string().check(z.maxLength(100))).check(z.maxLength(100)), []),
      z.transform((names: string[]) => [...new Set(names)].sort()),
    ),
    expires_at: z
      .nullish(
        z.pipe(
          z.iso.datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' }),
          z.transform((text: string) => Date.parse(text)),
        ),
      )
      .check(z.describe('From when on it is refused: within a year; without it, after 90 days')),
    password: z
      .nullish(Password)
      .check(z.describe('Yours, where your last log-in was more than five minutes ago')),
  }),
)

export const ApiKeyId = z.object({
  id: z.string().check(z.maxLength(64), z.describe('Of the API key')),
})

export const ApiKey = answer('ApiKey', () =>
  z.object({
    id: z.string(),
    name: z.string(),
    permissions: z.array(z.string()),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    last_used_at: z.nullable(z.iso.datetime()),
  }),
)

export const CreatedApiKey = answer('CreatedApiKey', () =>
  z.extend(ApiKey(), {
    key: z.string().check(z.describe('The key itself. It is shown nowhere else, and never again')),
  }),
)

export const ApiKeyList = answer('ApiKeyList', () => z.object({ api_keys: z.array(ApiKey()) }))

export function presentApiKey(apiKey: StoredApiKey): Answered<typeof ApiKey> {
  return {
    id: apiKey.id,
    name: apiKey.name,
    permissions: [...apiKey.permissions],
    created_at: isoTime(apiKey.createdAt),
    expires_at: isoTime(apiKey.expiresAt),
    last_used_at: apiKey.lastUsedAt === null ? null : isoTime(apiKey.lastUsedAt),
  }
}
