import { persist } from './answer'
import type { AuthClient } from './auth-client'
import { AuthClientError, endsSession, isRefusal } from './auth-client-error'
import type { Ask } from './service'
import type { SessionKeeper } from './session-keeper'
import type { Surroundings } from './surroundings'
import type { Session, SignedUp } from './wire'

type SessionOperations = Pick<
  AuthClient,
  'signUp' | 'logIn' | 'logOut' | 'changePassword' | 'deleteAccount'
>

interface Service {
  readonly ask: Ask
  readonly transport: 'body' | 'cookie'
}

/** What begins, renews and ends the session. */
export function sessionOperations(
  service: Service & { asUser: Ask },
  keeper: SessionKeeper,
  surroundings: Pick<Surroundings, 'sleep'>,
): SessionOperations {
  const { ask, asUser, transport } = service
  return {
    async signUp(input) {
      const answer = await keeper.begin(() =>
        ask<Session | SignedUp>('POST /auth/signup', { ...input, transport }),
      )
      return { user: answer.user, isSignedIn: 'access_token' in answer }
    },
    async logIn(input) {
      const begin = () => ask<Session>('POST /auth/login', { ...input, transport })
      return (await keeper.begin(begin)).user
    },
    logOut: createLogOut(service, keeper, surroundings),
    async changePassword(input) {
      await keeper.replace(async ({ access_token }, signal) => {
        const headers = { Authorization: `Bearer ${access_token}` }
        const body = { ...input, transport }
        const { message: _, ...session } = await ask<Session & { message: string }>(
          'POST /auth/change-password',
          body,
          { headers, signal },
        )
        return session
      })
    },
    async deleteAccount(input) {
      const session = (await keeper.current()) ?? (await keeper.fresh())
      await asUser('DELETE /auth/me', input)
      await keeper.forget(session?.user.id)
    },
  }
}

function createLogOut(
  { ask, transport }: Service,
  keeper: SessionKeeper,
  { sleep }: Pick<Surroundings, 'sleep'>,
): AuthClient['logOut'] {
  const hasCookie = transport === 'cookie'
  return async ({ everywhere = false } = {}) => {
    const session = await keeper.current()
    // First, so that nothing is done in the user's name while the service is told, or when it cannot be.
    await keeper.forget()
    const body = { everywhere, refresh_token: session?.refresh_token }
    const headers = session ? { Authorization: `Bearer ${session.access_token}` } : {}
    const tell = async (signal: AbortSignal) => {
      // The cookie is then another session's, which this would end.
      if (hasCookie && (await keeper.current())) {
        throw new AuthClientError('user_changed')
      }
      return ask('POST /auth/logout', body, { headers, signal })
    }
    try {
      await keeper.inTurn(async () => {
        // What the turn before has brought the same user; the cookie of it ends with this.
        if (hasCookie && session) await keeper.forget(session.user.id)
        await persist(tell, sleep)
      })
    } catch (error) {
      // What the service does not know needs no end.
      if (everywhere || !isRefusal(error) || !endsSession(error)) throw error
    }
  }
}
