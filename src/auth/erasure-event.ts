import { auditEvent } from './audit-event'
import { auditSigner } from './audit-seal'
import type { AuthContext } from './auth-context'

/**
 * What of a person has been erased from the audit trail: `subject`, what was done to them; `routine`, from where they
 * did what is no evidence; `actor`, from where they did anything.
 */
export type ErasedPart = 'actor' | 'routine' | 'subject'

export const NOBODY = { ip: null, network: null, userAgent: null }

/**
 * The event that says what has been erased. Signed, where there is a key: else anybody who writes to the database
 * could explain away what they erase.
 */
export async function erasureEvent(
  context: AuthContext,
  { userId, actorId }: { userId: string; actorId: string | null },
  erased: readonly ErasedPart[],
) {
  const signer = await auditSigner(context)
  const erasedAt = context.now
  const parts = erased.join(' ')
  const signed = signer && {
    erased_at: String(erasedAt),
    public_key: signer.publicKey,
    signature: await signer.sign('personal_data_erased', {
      subject_id: userId,
      erased_at: erasedAt,
      parts,
    }),
  }
  // It must not hold what it says is gone.
  const unseen = { ...context, client: NOBODY, clientRequestId: null }
  return auditEvent(unseen, {
    type: 'personal_data_erased',
    outcome: 'success',
    actorId,
    subjectId: userId,
    sessionId: null,
    detail: { parts, ...signed },
  })
}
