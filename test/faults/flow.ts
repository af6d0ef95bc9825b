import type { Interference } from '../platform/bindings'
import { type ClientOptions, createClient } from '../platform/client'

/** A request, ready to be sent, and again. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly token?: string | undefined
  readonly body?: unknown
  /** A form, where one is asked for. */
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** What succeeds when it has been done, however it was answered. */
  readonly afterwards?: () => Call
}

/** One way in which an operation is used. */
export interface Flow {
  /** The id of the operation that it is of. */
  readonly operation: string
  /** Where there are several. */
  readonly name?: string
  readonly prepare: () => Promise<Call>
  /** How it is answered, where that is not with success. */
  readonly answer?: string
  /** How it is answered when it comes again and had been done, where that is different. */
  readonly again?: string
  readonly vars?: ClientOptions['vars']
  /** What is so all the time, whatever else fails. */
  readonly always?: Interference
  /** Where KV decides, too. */
  readonly needsKv?: boolean
  /** The audit events of it, and what other applications are told. */
  readonly records?: readonly string[]
  readonly tells?: string
  /** Of what is counted only the first is recorded: where that could not be, the second is not. */
  readonly isCounted?: boolean
  /** Asked again it hands out tokens that take the place of those before. */
  readonly renews?: boolean
  /** More than one change, each with its own record: one may be done without the other. */
  readonly isInParts?: boolean
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

export function send({ method, path, token, body, form, headers }: Call, by = createClient()) {
  return by.send(method, path, {
    ...(token !== undefined && { token }),
    ...(body !== undefined && { body }),
    ...(form && { rawBody: new URLSearchParams(form).toString() }),
    ...((headers || form) && { headers: { ...headers, ...(form && FORM) } }),
  })
}
