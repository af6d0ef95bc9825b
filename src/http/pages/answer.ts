import type { Context } from 'hono'
import { html } from 'hono/html'
import type { JSX } from 'hono/jsx/jsx-runtime'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AppEnv } from '../factory'

const POLICY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const TURNSTILE = 'https://challenges.cloudflare.com'

/**
 * What no page of ours uses, so that nothing that gets into one does either; a key of the device is for ours alone. It
 * is for documents: the answers of the API are none.
 */
const PERMISSIONS = [
  ...['accelerometer', 'bluetooth', 'camera', 'display-capture', 'geolocation', 'gyroscope', 'hid'],
  ...['magnetometer', 'microphone', 'midi', 'payment', 'serial', 'usb'],
]
  .map((name) => `${name}=()`)
  .concat('publickey-credentials-create=(self)', 'publickey-credentials-get=(self)')
  .join(', ')

export type Markup = JSX.Element

/** Answers with a page. Only one with a challenge allows a script, and that of Turnstile alone. */
export function answer(
  c: Context<AppEnv>,
  page: Markup,
  {
    status = 200,
    headers = {},
    hasChallenge = false,
  }: {
    status?: ContentfulStatusCode
    headers?: Readonly<Record<string, string>>
    hasChallenge?: boolean
  } = {},
): Response | Promise<Response> {
  const challenge = hasChallenge ? `; script-src ${TURNSTILE}; frame-src ${TURNSTILE}` : ''
  c.header('Content-Security-Policy', `${POLICY}; style-src 'self'${challenge}`)
  // The address may hold the token of a mailed link, which not even our own style sheet is asked for with. With
  // no-referrer a browser would not say from where a form comes.
  c.header('Referrer-Policy', 'strict-origin')
  c.header('Permissions-Policy', PERMISSIONS)
  c.header('Cross-Origin-Opener-Policy', 'same-origin')
  c.header('Origin-Agent-Cluster', '?1')
  return c.html(html`<!doctype html>${page}`, status, { ...headers })
}
