import * as z from 'zod'
import type { ApiKey as StoredApiKey } from '../store/api-keys'
import { isoTime, Name } from './wire'

// An offset could lead to a year of five digits, which no ISO time has.
const LATEST = Date.parse('9999-01-01T00:00:00Z')

export const CreateApiKeyInput = z
  .object({
    name: Name.describe('What you will know it by'),
    permissions: z
      .array(z.string().max(100))
      .max(100)
      .default([])
      .transform((names) => [...new Set(names)].sort()),
    expires_at: z.iso
      .datetime({ offset: true })
      .transform((text) => Date.parse(text))
      .refine((time) => time < LATEST, 'must be before the year 9999')
      .nullish()
      .describe('From when on it is refused; without it, never'),
  })
  .meta({ id: 'CreateApiKeyInput' })

export const ApiKeyId = z.object({ id: z.string().max(64).describe('Of the API key') })

export const ApiKey = z
  .object({
    id: z.string(),
    name: z.string(),
    permissions: z.array(z.string()),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable(),
    last_used_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' })

export const CreatedApiKey = ApiKey.extend({
  key: z.string().describe('The key itself. It is shown nowhere else, and never again'),
}).meta({ id: 'CreatedApiKey' })

export const ApiKeyList = z.object({ api_keys: z.array(ApiKey) }).meta({ id: 'ApiKeyList' })

export function presentApiKey(apiKey: StoredApiKey): z.infer<typeof ApiKey> {
  const time = (at: number | null) => (at === null ? null : isoTime(at))
  return {
    id: apiKey.id,
    name: apiKey.name,
    permissions: [...apiKey.permissions],
    created_at: isoTime(apiKey.createdAt),
    expires_at: time(apiKey.expiresAt),
    last_used_at: time(apiKey.lastUsedAt),
  }
}
