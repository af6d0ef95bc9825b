import { endOtherSessions } from '../../auth/end-other-sessions'
import { endSession } from '../../auth/end-session'
import { listSessions } from '../../auth/list-sessions'
import { authenticate } from '../authenticate'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { BODY, TOKEN } from '../route-problems'
import { presentSessions, SessionId, SessionList } from '../session-list-wire'
import { EndOtherSessionsInput, Message } from '../wire'

const tag = 'Sessions'

export const sessions = factory
  .createApp()
  .get(
    '/',
    operation({
      operationId: 'listSessions',
      summary: 'Your live sessions, the last used first',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'The sessions, yours marked', schema: SessionList } },
      problems: TOKEN,
    }),
    authenticate,
    async (c) => c.json(presentSessions(await listSessions(c.get('auth'), c.get('claims'))), 200),
  )
  .delete(
    '/',
    operation({
      operationId: 'endOtherSessions',
      summary: 'End all of your sessions but this one',
      description: 'Your API keys end too, unless `keep_api_keys` is true.',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'The others have ended', schema: Message } },
      problems: [...TOKEN, ...BODY],
    }),
    authenticate,
    valid('json', EndOtherSessionsInput),
    async (c) => {
      const keepsApiKeys = c.req.valid('json').keep_api_keys === true
      await endOtherSessions(c.get('auth'), c.get('claims'), { keepsApiKeys })
      return c.json({ message: 'All other sessions have ended' }, 200)
    },
  )
  .delete(
    '/:id',
    operation({
      operationId: 'endSession',
      summary: 'End one of your sessions',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'It has ended', schema: Message } },
      problems: [
        ...TOKEN,
        'session_not_found',
        'validation_failed',
        'malformed_json',
        'payload_too_large',
        'request_timeout',
        'unsupported_media_type',
      ],
    }),
    authenticate,
    valid('param', SessionId),
    async (c) => {
      await endSession(c.get('auth'), c.get('claims'), c.req.valid('param').id)
      return c.json({ message: 'The session has ended' }, 200)
    },
  )
