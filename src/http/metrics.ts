import type { Context } from 'hono'
import { AuthError } from '../auth/errors'
import { errorFields } from '../log'
import { type AppEnv, factory } from './factory'
import { ProblemError } from './problem'

const OPERATIONS: Readonly<Record<string, string>> = {
  '/auth/signup': 'signup',
  '/auth/login': 'login',
  '/auth/refresh': 'refresh',
  '/auth/logout': 'logout',
  '/signup': 'signup',
  '/login': 'login',
  '/logout': 'logout',
}

/**
 * One data point for each signup, login, refresh and logout: `blob1` the operation, `blob2` its outcome,
 * `blob3` why it was refused, or the status where it failed. Nothing of a person. Without the binding there
 * is no data point.
 */
export const metrics = factory.createMiddleware(async (c, next) => {
  await next()
  const operation = c.req.method === 'POST' ? OPERATIONS[c.req.path] : undefined
  if (!operation) return
  const [outcome, reason] = outcomeOf(c)
  const point = { indexes: [operation], blobs: [operation, outcome, reason], doubles: [1] }
  try {
    c.env.METRICS?.writeDataPoint(point)
  } catch (error) {
    // What happened has happened, counted or not.
    c.get('log').warning('metrics_failed', errorFields(error))
  }
})

function outcomeOf(c: Context<AppEnv>): [outcome: string, reason: string] {
  // A page that did what it was asked leads to another.
  if (c.res.status < 400) return [c.get('outcome') ?? 'succeeded', '']
  if (c.res.status >= 500) return ['failed', String(c.res.status)]
  const { error } = c
  if (error instanceof AuthError) return ['refused', error.logged['reason'] ?? error.code]
  return ['refused', error instanceof ProblemError ? error.code : 'malformed_json']
}
