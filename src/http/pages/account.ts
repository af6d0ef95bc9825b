import type { Context } from 'hono'
import type * as z from 'zod/mini'
import { changeEmail } from '../../auth/change-email'
import { changeName } from '../../auth/change-name'
import { changePassword } from '../../auth/change-password'
import { deleteAccount } from '../../auth/delete-account'
import { endOtherSessions } from '../../auth/end-other-sessions'
import { endSession } from '../../auth/end-session'
import { AuthError } from '../../auth/errors'
import { exportAccount } from '../../auth/export-account'
import type { AccessTokenClaims } from '../../crypto/access-token'
import { presentExport } from '../account-wire'
import { rememberDevice } from '../device-cookie'
import type { AppEnv } from '../factory'
import { setSessionCookies } from '../refresh-cookie'
import { SessionId } from '../session-list-wire'
import {
  ChangeEmailInput,
  ChangeNameInput,
  ChangePasswordInput,
  DeleteAccountInput,
  EndOtherSessionsInput,
} from '../wire'
import { accountPage } from './account-page'
import { answer } from './answer'
import { UNTOUCHED } from './form'
import { HOME } from './own-path'
import { filledFields, type Submission, submit } from './submit'
import { asSender, asVisitor, endVisit } from './visit'

// The account, and what the forms of its page do.

export async function showAccount(c: Context<AppEnv>) {
  return answer(c, await accountPage(c, UNTOUCHED))
}

export async function downloadExport(c: Context<AppEnv>): Promise<Response> {
  const account = await asVisitor(c, (claims) => exportAccount(c.get('auth'), claims))
  return c.body(JSON.stringify(presentExport(account), null, 2), 200, {
    'Content-Type': 'application/json',
    'Content-Disposition': 'attachment; filename="account.json"',
  })
}

export function submitName(c: Context<AppEnv>): Promise<Response> {
  return submitOwn(c, {
    schema: ChangeNameInput,
    inputOf: (form) => ({ name: form.get('name') || null }),
    act: async (claims, { name }) => {
      await changeName(c.get('auth'), claims, name)
      return `${HOME}?done=name_changed`
    },
  })
}

export function submitPassword(c: Context<AppEnv>): Promise<Response> {
  return submitOwn(c, {
    schema: ChangePasswordInput,
    inputOf: (form) => ({ ...filledFields(form), ...keptKeys(form) }),
    act: async (claims, { current_password, new_password, keep_api_keys }) => {
      const issued = await changePassword(c.get('auth'), claims, {
        currentPassword: current_password,
        newPassword: new_password,
        keepsApiKeys: keep_api_keys === true,
      })
      await setSessionCookies(c, issued)
      await rememberDevice(c, { normalized: issued.account.email.toLowerCase() }, 'cookie')
      return `${HOME}?done=password_changed`
    },
  })
}

export function submitEmail(c: Context<AppEnv>): Promise<Response> {
  return submitOwn(c, {
    schema: ChangeEmailInput,
    act: async (claims, { password, new_email: email }) => {
      await changeEmail(c.get('auth'), claims, { password, email })
      return `${HOME}?done=email_change_mailed`
    },
  })
}

export function submitDelete(c: Context<AppEnv>): Promise<Response> {
  return submitOwn(c, {
    schema: DeleteAccountInput,
    act: async (claims, { password }) => {
      const deletesAt = await deleteAccount(c.get('auth'), claims, password)
      endVisit(c)
      return `/login?done=${deletesAt === null ? 'account_deleted' : 'account_deletion_scheduled'}`
    },
  })
}

export function submitEndSessions(c: Context<AppEnv>): Promise<Response> {
  return c.req.param('id') === 'others' ? submitEndOthers(c) : submitEndOne(c)
}

function submitEndOne(c: Context<AppEnv>): Promise<Response> {
  return submitOwn(c, {
    schema: SessionId,
    inputOf: () => ({ id: c.req.param('id') }),
    act: async (claims, { id }) => {
      try {
        await endSession(c.get('auth'), claims, id)
      } catch (error) {
        // Ended by somebody else since the page was looked at: as asked.
        if (!(error instanceof AuthError && error.code === 'session_not_found')) throw error
      }
      return `${HOME}?done=session_ended`
    },
  })
}

function submitEndOthers(c: Context<AppEnv>): Promise<Response> {
  return submitOwn(c, {
    schema: EndOtherSessionsInput,
    inputOf: keptKeys,
    act: async (claims, { keep_api_keys }) => {
      await endOtherSessions(c.get('auth'), claims, { keepsApiKeys: keep_api_keys === true })
      return `${HOME}?done=sessions_ended`
    },
  })
}

// A box sends its value, or nothing.
function keptKeys(form: URLSearchParams) {
  return { keep_api_keys: form.has('keep_api_keys') }
}

type OwnSubmission<Schema extends z.ZodMiniType> = Pick<
  Submission<Schema>,
  'schema' | 'inputOf'
> & {
  /** Answers where to go. */
  readonly act: (claims: AccessTokenClaims, input: z.output<Schema>) => Promise<string>
}

function submitOwn<Schema extends z.ZodMiniType>(
  c: Context<AppEnv>,
  { act, ...submission }: OwnSubmission<Schema>,
): Promise<Response> {
  return submit(c, {
    ...submission,
    async act(input, form) {
      return c.redirect(await asSender(c, form, (claims) => act(claims, input)), 303)
    },
    page: (state) => accountPage(c, state),
  })
}
