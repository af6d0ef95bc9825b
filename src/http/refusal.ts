import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { AuthError } from '../auth/errors'
import { ConfigurationError } from '../config'
import { errorFields } from '../log'
import { StoreUnavailable } from '../store/database'
import type { AppEnv } from './factory'
import { ProblemError, type Refusal } from './problem'

/** What is told of an error, which is logged. Anything unknown is a fault of ours, and its text stays in the log. */
export function refusalOf(error: Error, c: Context<AppEnv>): Refusal {
  const log = c.get('log')
  if (error instanceof AuthError) {
    log.warning('refused', { code: error.code, ...error.logged })
    const { errors, retryAfterSeconds } = error
    const headers = retryAfterSeconds === null ? {} : { 'Retry-After': String(retryAfterSeconds) }
    return { code: error.code, errors, headers }
  }
  if (error instanceof ProblemError) {
    log.warning('refused', { code: error.code, ...error.logged })
    return { code: error.code }
  }
  if (error instanceof HTTPException && error.status === 400) {
    log.warning('refused', { code: 'malformed_json' })
    return { code: 'malformed_json' }
  }
  if (error instanceof StoreUnavailable) {
    log.error('store_unavailable', errorFields(error))
    return { code: 'service_unavailable' }
  }
  if (error instanceof ConfigurationError) {
    log.error('configuration_invalid', { problems: error.problems })
    // What is missing where is for the operator's log, not for strangers.
    if (!c.get('isDevelopment')) return { code: 'configuration_invalid' }
    const errors = error.problems.map(({ variable, message }) => ({ path: variable, message }))
    return { code: 'configuration_invalid', errors }
  }
  log.error('internal_error', errorFields(error))
  return { code: 'internal_error' }
}
