import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { EmailAddress } from '../auth/email-address'
import { DEVICE_LIFETIME_SECONDS, newDeviceToken } from '../crypto/device-token'
import type { AppEnv } from './factory'
import { HOST_COOKIE } from './refresh-cookie'
import type { Transport } from './wire'

// No credential: who holds it is not kept out by what others do at their account (auth/guess-limits.ts).

const NAME = 'device'

/** The cookie of a device, as it came; whose it is shows with the email that comes with it. */
export function presentedDevice(c: Context<AppEnv>): string | null {
  return getCookie(c, NAME, 'host') ?? null
}

/** Gives a browser the cookie by which it is known at the next login; whoever wants no cookies gets none. */
export async function rememberDevice(
  c: Context<AppEnv>,
  { normalized: email }: Pick<EmailAddress, 'normalized'>,
  transport: Transport,
): Promise<void> {
  if (transport === 'body') return
  const { now, keys } = c.get('auth')
  const token = await newDeviceToken({ email, now }, keys)
  setCookie(c, NAME, token, { ...HOST_COOKIE, maxAge: DEVICE_LIFETIME_SECONDS })
}
