import type { hc, InferRequestType, InferResponseType } from 'hono/client'
import { expectTypeOf, test } from 'vitest'
import type {
  AuthClient,
  AuthErrorCode,
  ClientErrorCode,
  CreateApiKeyInput,
  FieldError,
  LogOutInput,
  Session,
  SignedUp,
} from '../../src/client/create-auth-client'
import type { AppType } from '../../src/http/app'
import type { ProblemCode } from '../../src/http/problems'

// The client writes out what travels, so that its declarations need no other package. Here the compiler holds
// that against what the routes take and answer: nothing of this file runs.

type Auth = ReturnType<typeof hc<AppType>>['auth']
type Takes<Route> = InferRequestType<Route> extends { json: infer Json } ? Json : never
type Given<Name extends keyof AuthClient> = AuthClient[Name] extends (input: infer Input) => unknown
  ? Input
  : never
type Answered<Name extends keyof AuthClient> = AuthClient[Name] extends (
  ...given: never[]
) => Promise<infer Answer>
  ? Answer
  : never

test('each operation takes what its route takes, but what the client decides', () => {
  type Chosen = 'transport' | 'full_name'
  expectTypeOf<Given<'signUp'>>().toEqualTypeOf<Omit<Takes<Auth['signup']['$post']>, Chosen>>()
  expectTypeOf<Given<'logIn'>>().toEqualTypeOf<Omit<Takes<Auth['login']['$post']>, Chosen>>()
  expectTypeOf<LogOutInput>().toEqualTypeOf<Omit<Takes<Auth['logout']['$post']>, 'refresh_token'>>()
  expectTypeOf<Given<'changeName'>>().toEqualTypeOf<Takes<Auth['me']['$patch']>>()
  expectTypeOf<Given<'deleteAccount'>>().toEqualTypeOf<Takes<Auth['me']['$delete']>>()
  expectTypeOf<Given<'changePassword'>>().toEqualTypeOf<
    Omit<Takes<Auth['change-password']['$post']>, Chosen>
  >()
  expectTypeOf<CreateApiKeyInput>().toEqualTypeOf<Takes<Auth['api-keys']['$post']>>()
  expectTypeOf<Given<'forgotPassword'>>().toEqualTypeOf<Takes<Auth['forgot-password']['$post']>>()
  expectTypeOf<Given<'resetPassword'>>().toEqualTypeOf<Takes<Auth['reset-password']['$post']>>()
  expectTypeOf<Given<'verifyEmail'>>().toEqualTypeOf<Takes<Auth['verify-email']['$post']>>()
  expectTypeOf<Given<'resendVerification'>>().toEqualTypeOf<
    Takes<Auth['verify-email']['resend']['$post']>
  >()
  expectTypeOf<Given<'changeEmail'>>().toEqualTypeOf<Takes<Auth['change-email']['$post']>>()
  expectTypeOf<Given<'confirmEmailChange'>>().toEqualTypeOf<
    Takes<Auth['change-email']['confirm']['$post']>
  >()
  expectTypeOf<Given<'undoEmailChange'>>().toEqualTypeOf<
    Takes<Auth['change-email']['undo']['$post']>
  >()
})

test('and answers what its route answers', () => {
  type SigningUp = InferResponseType<Auth['signup']['$post'], 201>
  expectTypeOf<Session | SignedUp>().toExtend<SigningUp>()
  expectTypeOf<SigningUp>().toExtend<Session | SignedUp>()
  expectTypeOf<Session>().toEqualTypeOf<InferResponseType<Auth['login']['$post'], 200>>()
  expectTypeOf<Session>().toEqualTypeOf<InferResponseType<Auth['refresh']['$post'], 200>>()
  expectTypeOf<Answered<'me'>>().toEqualTypeOf<InferResponseType<Auth['me']['$get'], 200>>()
  expectTypeOf<Answered<'changeName'>>().toEqualTypeOf<
    InferResponseType<Auth['me']['$patch'], 200>
  >()
  expectTypeOf<Answered<'exportAccount'>>().toEqualTypeOf<
    InferResponseType<Auth['me']['export']['$get'], 200>
  >()
  type Keys = AuthClient['apiKeys']
  type KeyRoutes = Auth['api-keys']
  expectTypeOf<Awaited<ReturnType<Keys['create']>>>().toEqualTypeOf<
    InferResponseType<KeyRoutes['$post'], 201>
  >()
  expectTypeOf<Awaited<ReturnType<Keys['list']>>>().toEqualTypeOf<
    InferResponseType<KeyRoutes['$get'], 200>['api_keys']
  >()
  type Listed = InferResponseType<Auth['sessions']['$get'], 200>['sessions']
  expectTypeOf<Awaited<ReturnType<AuthClient['sessions']['list']>>>().toEqualTypeOf<Listed>()
})

test('every code that the service may answer is known, and no other', () => {
  expectTypeOf<Exclude<AuthErrorCode, ClientErrorCode>>().toEqualTypeOf<ProblemCode>()
  expectTypeOf<FieldError>().toEqualTypeOf<{ path: string; message: string }>()
})
