import type { Config } from '../config'
import type { AccessTokenClaims } from '../crypto/access-token'
import type { SigningKeys } from '../crypto/signing-keys'
import type { EventSink } from '../events/event-sink'
import type { Logger } from '../log'
import type { MailSender } from '../mail/mail-sender'
import type { Database } from '../store/database'
import type { RevocationMarkers } from '../store/revocation-markers'
import type { Caller, Client, Moment } from '../store/sessions'

/** All that a use-case can reach. Each takes only what it needs of it. */
export interface AuthContext {
  readonly db: Database
  readonly markers: RevocationMarkers
  readonly keys: SigningKeys
  /** Other applications that are told of events; none where none is configured. */
  readonly eventSinks: readonly EventSink[]
  readonly mailSender: MailSender
  readonly config: Config
  readonly log: Logger
  /** The time of the request, in milliseconds; it stands still until the answer. */
  readonly now: number
  /** Our own. */
  readonly requestId: string
  /** What the client calls the request; null where it does not say. */
  readonly clientRequestId: string | null
  readonly client: Client
  /** Whose attempts are counted together: an IPv4 address or an IPv6 /64; empty where there is none. */
  readonly source: string
  /** The IPv6 /56 and /48 around it, whose holder may have it as well; none of an IPv4 address. */
  readonly widerSources: readonly string[]
  /** The cookie of a device that has logged in, as it came. */
  readonly device: string | null
  /** Does the work after the answer; what it throws is logged. */
  readonly defer: (work: () => Promise<void>) => void
}

/** Who asks, by their access token. */
export function callerOf({ sub, sid, epoch }: AccessTokenClaims): Caller {
  return { userId: sub, sessionId: sid, epoch }
}

export function moment({ now, config }: Pick<AuthContext, 'now' | 'config'>): Moment {
  return { now, idleSince: now - config.refreshTtl * 1000, notBefore: config.notBefore }
}
