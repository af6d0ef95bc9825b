import { createApiKey } from '../../auth/create-api-key'
import { listApiKeys } from '../../auth/list-api-keys'
import { revokeApiKey } from '../../auth/revoke-api-key'
import {
  ApiKeyId,
  ApiKeyList,
  CreateApiKeyInput,
  CreatedApiKey,
  presentApiKey,
} from '../api-key-wire'
import { authenticate } from '../authenticate'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { BODY, TOKEN } from '../route-problems'
import { Message } from '../wire'

const tag = 'API keys'

export const apiKeys = factory
  .createApp()
  .post(
    '/',
    operation({
      operationId: 'createApiKey',
      summary: 'Make a key by which a machine acts for you',
      description: 'The key is answered this once. It may what you name, as far as you may.',
      tag,
      bearer: 'required',
      responses: { 201: { description: 'The key', schema: CreatedApiKey } },
      problems: [...BODY, ...TOKEN, 'exceeds_own_permissions', 'api_key_limit'],
    }),
    authenticate,
    valid('json', CreateApiKeyInput),
    async (c) => {
      const { name, permissions, expires_at: expiresAt = null } = c.req.valid('json')
      const input = { name, permissions, expiresAt }
      const { apiKey, key } = await createApiKey(c.get('auth'), c.get('claims'), input)
      return c.json({ ...presentApiKey(apiKey), key }, 201)
    },
  )
  .get(
    '/',
    operation({
      operationId: 'listApiKeys',
      summary: 'Your API keys that can be used, the newest first',
      tag,
      bearer: 'required',
      responses: {
        200: { description: 'The keys, without what makes them work', schema: ApiKeyList },
      },
      problems: TOKEN,
    }),
    authenticate,
    async (c) => {
      const keys = await listApiKeys(c.get('auth'), c.get('claims'))
      return c.json({ api_keys: keys.map(presentApiKey) }, 200)
    },
  )
  .delete(
    '/:id',
    operation({
      operationId: 'revokeApiKey',
      summary: 'Revoke one of your API keys',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'It is refused from now on', schema: Message } },
      problems: [...TOKEN, 'api_key_not_found', ...BODY],
    }),
    authenticate,
    valid('param', ApiKeyId),
    async (c) => {
      await revokeApiKey(c.get('auth'), c.get('claims'), c.req.valid('param').id)
      return c.json({ message: 'The API key is revoked' }, 200)
    },
  )
