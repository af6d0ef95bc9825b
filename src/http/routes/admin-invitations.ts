import { inviteUser } from '../../auth/administration/invite-user'
import { InvitationToMail } from '../administration-wire'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { requirePermission } from '../require-permission'
import { ADMINISTRATION } from '../route-problems'
import { Message } from '../wire'

export const adminInvitations = factory.createApp().post(
  '/',
  operation({
    operationId: 'inviteUser',
    summary: 'Mail an invitation by which one address can sign up, within seven days',
    description: 'No API key does this: what it gave would outlive it.',
    tag: 'Administration: users',
    bearer: 'no_api_key',
    responses: { 202: { description: 'It is on its way', schema: Message } },
    problems: [...ADMINISTRATION.write, 'exceeds_own_permissions', 'email_taken'],
  }),
  requirePermission('users:write'),
  valid('json', InvitationToMail),
  async (c) => {
    await inviteUser(c.get('auth'), c.get('actor'), c.req.valid('json'))
    return c.json({ message: 'The invitation is on its way' }, 202)
  },
)
