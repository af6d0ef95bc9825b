import * as z from 'zod/mini'
import { CreatedApiKey } from '../../src/http/api-key-wire'
import { type Client, createClient } from './client'

/** A key that somebody has just made, with these permissions. */
export async function newKey(
  token: string,
  permissions: readonly string[] = [],
  { by = createClient(), expires_at }: { by?: Client; expires_at?: string } = {},
) {
  const body = { name: 'Nightly report', permissions, ...(expires_at && { expires_at }) }
  const answer = await by.post('/auth/api-keys', { token, body })
  return z.strictObject(CreatedApiKey().shape).parse(answer.body)
}

/** As `X-API-Key` carries it. */
export const withKey = (key: string) => ({ headers: { 'X-API-Key': key } })
