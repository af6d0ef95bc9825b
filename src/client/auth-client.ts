import type { Listen } from './session-events'
import type { SessionStore } from './session-store'
import type { Surroundings } from './surroundings'
import type {
  AccountExport,
  ApiKey,
  ChangeEmailInput,
  ChangeNameInput,
  ChangePasswordInput,
  CreateApiKeyInput,
  CreatedApiKey,
  DeleteAccountInput,
  EmailInput,
  ForgotPasswordInput,
  LinkInput,
  ListedSession,
  LogInInput,
  LogOutInput,
  ResetPasswordInput,
  SignUpInput,
  User,
} from './wire'

/** What a client is made of. All but the address has a default. */
export interface AuthClientOptions extends Partial<Surroundings> {
  /** Where the service is, e.g. `https://auth.example.com`. */
  readonly baseUrl: string | URL
  /**
   * Where the session is kept:
   * - `memory` (the default): gone with the page
   * - `cookie`: the refresh token in a cookie that no script can read, the rest in memory. For browsers, where the
   *   service is on the same site as the page
   * - `localStorage`: shared by tabs and there after a reload, for any script of the page to read. Memory where there is none
   * - one of your own
   */
  readonly storage?: 'memory' | 'cookie' | 'localStorage' | SessionStore
  /** Origins beside the service's own that `fetch` gives the access token to, e.g. your API's. */
  readonly allowedOrigins?: readonly string[]
}

/** A client of the service. Every operation rejects with an AuthClientError when it was not done. */
export interface AuthClient {
  /**
   * `fetch`, with the access token on requests to the service and to `allowedOrigins`, unless they have an
   * `Authorization` of their own. The token is refreshed before it expires, and once when it is refused with 401; then
   * the request is sent again. Its body is kept in memory until there is an answer, also where it is a stream.
   * A request with the token follows no redirect: AuthClientError `redirected`.
   */
  readonly fetch: typeof fetch
  /** Has the listener called each time, in this tab and for what happens in others. Answers how to stop. */
  readonly on: Listen
  /** A good access token, for what does not go by `fetch`; null when nobody is signed in. */
  accessToken(): Promise<string | null>
  /** Who is signed in, as of the last refresh; null when nobody is. */
  user(): Promise<User | null>
  /** Stops listening to other tabs. */
  close(): void

  /** Where the email has to be verified first, `isSignedIn` is false. */
  signUp(input: SignUpInput): Promise<{ user: User; isSignedIn: boolean }>
  /** Begins a session, in place of one there may be. */
  logIn(input: LogInInput): Promise<User>
  /** The session is forgotten here at once; rejects if the service could not be told to end it too. */
  logOut(input?: LogOutInput): Promise<void>
  /** Who is signed in, as the service has it now. */
  me(): Promise<User>
  /** The name others see, or none. */
  changeName(input: ChangeNameInput): Promise<User>
  /** Ends all of the user's other sessions; this one goes on under new tokens, which copies of the old ones are not. */
  changePassword(input: ChangePasswordInput): Promise<void>
  /** Deletes what is stored about the user, and signs out. */
  deleteAccount(input: DeleteAccountInput): Promise<void>
  /** Everything that is stored about the user, but secrets. */
  exportAccount(): Promise<AccountExport>
  /** The user's own; `endOthers` spares the one that asks. */
  readonly sessions: {
    list(): Promise<ListedSession[]>
    end(id: string): Promise<void>
    endOthers(): Promise<void>
  }

  /** By which machines act for the user. The key itself is answered by `create` alone. */
  readonly apiKeys: {
    create(input: CreateApiKeyInput): Promise<CreatedApiKey>
    list(): Promise<ApiKey[]>
    revoke(id: string): Promise<void>
  }

  /** Has a link mailed, if there is such an account. */
  forgotPassword(input: ForgotPasswordInput): Promise<void>
  /** Ends all sessions of the user and logs nobody in. */
  resetPassword(input: ResetPasswordInput): Promise<void>
  /** By the mailed link. Sessions from before end, but this one if it is the user's. */
  verifyEmail(input: LinkInput): Promise<void>
  /** Has another link mailed, if the email is yet to be verified. */
  resendVerification(input: EmailInput): Promise<void>
  /** Has a link mailed to the new address. */
  changeEmail(input: ChangeEmailInput): Promise<void>
  /** By the link mailed there. Sessions end, but this one if it is the user's. */
  confirmEmailChange(input: LinkInput): Promise<void>
  /** Brings the old address back; the password is taken, and a link to choose another is mailed. */
  undoEmailChange(input: LinkInput): Promise<void>
}
