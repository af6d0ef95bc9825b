import { answerOf, sendHere } from './answer'

/** Asks for an operation, such as `POST /auth/login`. @throws AuthClientError */
export type Ask = <Answer>(operation: string, body?: object, init?: RequestInit) => Promise<Answer>

/** Asks the service at this address, by that `fetch`. */
export function createAsk(base: string, send: typeof fetch, always: object = {}): Ask {
  return (operation, body, { headers, ...init } = {}) => {
    const [method = '', path = ''] = operation.split(' ')
    const content = body && {
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }
    return answerOf(sendHere(send, base + path, { method, ...always, ...content, ...init }))
  }
}
