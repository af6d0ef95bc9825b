import { checkReadiness } from '../../auth/check-readiness'
import { factory } from '../factory'
import { operation } from '../openapi'
import { Health } from '../wire'

const tag = 'Health'
const responses = { 200: { description: 'Healthy', schema: Health } }

export const health = factory
  .createApp()
  .get(
    '/',
    operation({
      operationId: 'getHealth',
      summary: 'The Worker runs and its configuration holds',
      tag,
      responses,
      problems: [],
    }),
    (c) =>
      c.json({ status: 'healthy', environment: c.get('auth').config.environment } as const, 200),
  )
  .get(
    '/ready',
    operation({
      operationId: 'getReadiness',
      summary: 'The database and KV answer too',
      tag,
      responses,
      problems: ['service_unavailable'],
    }),
    async (c) => {
      await checkReadiness(c.get('auth'))
      return c.json(
        { status: 'healthy', environment: c.get('auth').config.environment } as const,
        200,
      )
    },
  )
