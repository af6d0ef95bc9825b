import { getAccount } from '../../auth/get-account'
import { authenticateMovingIn } from '../authenticate'
import { factory } from '../factory'
import { operation } from '../openapi'
import { presentUser, User } from '../wire'

export const account = factory.createApp().get(
  '/',
  operation({
    operationId: 'getAccount',
    summary: 'The signed-in user, as the database has it now',
    tag: 'Account',
    bearer: 'required',
    responses: { 200: { description: 'The user', schema: User } },
    problems: ['invalid_request', 'missing_token', 'invalid_token', 'service_unavailable'],
  }),
  authenticateMovingIn,
  async (c) => c.json(presentUser(await getAccount(c.var.auth, c.var.principal)), 200),
)
