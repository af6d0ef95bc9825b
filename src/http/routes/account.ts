import { changeName } from '../../auth/change-name'
import { exportAccount } from '../../auth/export-account'
import { getAccount } from '../../auth/get-account'
import { AccountExport, DeletionScheduled, presentDeletion, presentExport } from '../account-wire'
import { authenticate, authenticateAny } from '../authenticate'
import { clearSiteData } from '../clear-site-data'
import { factory } from '../factory'
import { operation, valid } from '../openapi'
import { BODY, OWN_PASSWORD, TOKEN, TOKEN_OR_KEY } from '../route-problems'
import { ChangeNameInput, DeleteAccountInput, Message, presentUser, User } from '../wire'

const tag = 'Account'

export const account = factory
  .createApp()
  .get(
    '/',
    operation({
      operationId: 'getAccount',
      summary: 'The signed-in user, as the database has it now',
      tag,
      bearer: 'or_api_key',
      responses: { 200: { description: 'The user', schema: User } },
      problems: TOKEN_OR_KEY,
    }),
    authenticateAny,
    async (c) => c.json(presentUser(await getAccount(c.get('auth'), c.get('principal'))), 200),
  )
  .patch(
    '/',
    operation({
      operationId: 'changeName',
      summary: 'Change your name',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'The user', schema: User } },
      problems: [...BODY, ...TOKEN],
    }),
    authenticate,
    valid('json', ChangeNameInput),
    async (c) => {
      const user = await changeName(c.get('auth'), c.get('claims'), c.req.valid('json').name)
      return c.json(presentUser(user), 200)
    },
  )
  .delete(
    '/',
    operation({
      operationId: 'deleteAccount',
      summary: 'Delete your account and what is stored about you',
      description:
        'While a change of the email can still be undone, the account is disabled at once and deleted when it cannot be undone any more. Undoing the change cancels the deletion. Both addresses are told.',
      tag,
      bearer: 'required',
      responses: {
        200: { description: 'It is gone', schema: Message },
        202: { description: 'It is disabled, and will be gone', schema: DeletionScheduled },
      },
      problems: [...BODY, ...TOKEN, ...OWN_PASSWORD, 'last_admin'],
    }),
    authenticate,
    valid('json', DeleteAccountInput),
    async (c) => {
      const { password } = c.req.valid('json')
      const { deleteAccount } = await import('../../auth/delete-account')
      const deletesAt = await deleteAccount(c.get('auth'), c.get('claims'), password)
      clearSiteData(c, ['cache'])
      if (deletesAt === null) return c.json({ message: 'The account is gone' }, 200)
      return c.json(presentDeletion(deletesAt), 202)
    },
  )
  .get(
    '/export',
    operation({
      operationId: 'exportAccount',
      summary: 'Everything that is stored about you, but secrets',
      tag,
      bearer: 'required',
      responses: { 200: { description: 'All of it', schema: AccountExport } },
      problems: TOKEN,
    }),
    authenticate,
    async (c) => c.json(presentExport(await exportAccount(c.get('auth'), c.get('claims'))), 200),
  )
