import { env } from 'cloudflare:workers'
import { type Answer, type ClientOptions, createClient } from './client'
import { newEmail, PASSWORD } from './people'

export const ORIGIN = 'http://127.0.0.1:8787'

type Fields = Readonly<Record<string, string>> | readonly (readonly [string, string])[]
type Headers = Readonly<Record<string, string>>

/** Looks at pages and sends their forms as a browser without scripts does, cookies and all. */
export function openBrowser(options: ClientOptions = {}) {
  const client = createClient(options)
  const jar = new Map<string, string>()

  async function send(method: string, path: string, rawBody: string | null, headers: Headers) {
    const Cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await client.send(method, path, {
      ...(rawBody !== null && { rawBody }),
      headers: { ...(Cookie && { Cookie }), ...headers },
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*)(.*)$/.exec(cookie) ?? []
      if (attributes.includes('Max-Age=0')) jar.delete(name)
      else jar.set(name, value)
    }
    return { ...answer, text: String(answer.body) }
  }

  return {
    jar,
    get: (path: string, headers: Headers = {}) => send('GET', path, null, headers),
    submit: (path: string, fields: Fields = {}, headers: Headers = {}) =>
      send('POST', path, new URLSearchParams(fields as Record<string, string>).toString(), {
        'Content-Type': 'application/x-www-form-urlencoded',
        Origin: ORIGIN,
        'Sec-Fetch-Site': 'same-origin',
        ...headers,
      }),
  }
}

export type Browser = ReturnType<typeof openBrowser>

/** A browser that has just signed somebody up. */
export async function signUpInBrowser(options: ClientOptions = {}) {
  const browser = openBrowser(options)
  const email = newEmail()
  const answer = await browser.submit('/signup', { email, password: PASSWORD })
  const row = await env.DB.prepare('select id from users where email = ?').bind(email).first('id')
  return { browser, email, userId: String(row), answer }
}

/** Where an answer leads. */
export function ledTo(answer: Pick<Answer, 'status' | 'headers'>): string {
  return `${answer.status} ${answer.headers.get('Location')}`
}
