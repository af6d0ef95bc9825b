import type { AuthContext } from './auth-context'

/** What follows a batch that may have written a mail: sends it after the answer, by what is loaded then. */
export function sendAfterAnswer(context: AuthContext): void {
  context.defer(async () => {
    const { deliverRound } = await import('./deliver-mails')
    await deliverRound(context)
  })
}
