import { Problem } from '../../src/http/wire'
import type { Answer } from '../platform/client'
import type { FuzzedRequest } from './fuzz-requests'

/** The codes that a request gets before the operation looks at it. */
const AT_THE_DOOR: readonly string[] = [
  'missing_token',
  'invalid_token',
  'invalid_api_key',
  'superseded',
  'permission_denied',
  'malformed_json',
  'payload_too_large',
  'unsupported_media_type',
  'not_found',
  'method_not_allowed',
]

/** Whether the operation itself has decided, and not the door before it. */
export function isHeard({ status, body }: Answer): boolean {
  return status < 400 || !AT_THE_DOOR.includes(Problem().parse(body).code)
}

/** Counts the answers, to print where the requests have gone. */
export class Tally {
  readonly #statuses = new Map<number, number>()
  readonly #asked = new Set<string>()
  readonly #succeeded = new Set<string>()

  count({ method, path }: FuzzedRequest, { status }: Answer): void {
    const operation = `${method} ${path}`
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    this.#asked.add(operation)
    if (status < 400) this.#succeeded.add(operation)
  }

  summary() {
    const never = [...this.#asked].filter((operation) => !this.#succeeded.has(operation))
    return { ...Object.fromEntries(this.#statuses), 'never succeeded': never }
  }
}
