import type { AuthClient } from './auth-client'
import type { Ask } from './service'
import type { AccountExport, ApiKeyList, CreatedApiKey, SessionList, User } from './wire'

type AccountOperations = Omit<
  AuthClient,
  | 'fetch'
  | 'on'
  | 'accessToken'
  | 'user'
  | 'close'
  | 'signUp'
  | 'logIn'
  | 'logOut'
  | 'changePassword'
  | 'deleteAccount'
>

/** What leaves the session as it is; `asUser` sends the access token along. */
export function accountOperations(ask: Ask, asUser: Ask): AccountOperations {
  return {
    me: () => asUser<User>('GET /auth/me'),
    changeName: (input) => asUser<User>('PATCH /auth/me', input),
    exportAccount: () => asUser<AccountExport>('GET /auth/me/export'),
    sessions: {
      list: async () => (await asUser<SessionList>('GET /auth/sessions')).sessions,
      end: (id) => asUser(`DELETE /auth/sessions/${encodeURIComponent(id)}`),
      endOthers: () => asUser('DELETE /auth/sessions'),
    },
    apiKeys: {
      create: (input) => asUser<CreatedApiKey>('POST /auth/api-keys', input),
      list: async () => (await asUser<ApiKeyList>('GET /auth/api-keys')).api_keys,
      revoke: (id) => asUser(`DELETE /auth/api-keys/${encodeURIComponent(id)}`),
    },
    forgotPassword: (input) => ask('POST /auth/forgot-password', input),
    resetPassword: (input) => ask('POST /auth/reset-password', input),
    // With the token, where there is one: the session that opens the link is spared.
    verifyEmail: (input) => asUser('POST /auth/verify-email', input),
    resendVerification: (input) => ask('POST /auth/verify-email/resend', input),
    changeEmail: (input) => asUser('POST /auth/change-email', input),
    confirmEmailChange: (input) => asUser('POST /auth/change-email/confirm', input),
    undoEmailChange: (input) => ask('POST /auth/change-email/undo', input),
  }
}
