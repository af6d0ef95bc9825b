import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { answerHeaders } from './answer-headers'
import { canonicalPath } from './canonical-path'
import { provideAuthContext } from './context'
import { crossOrigin } from './cross-origin'
import { type AppEnv, factory } from './factory'
import { BODY_METHODS } from './json-body'
import { metrics } from './metrics'
import { isPagePath } from './page-routes'
import { ProblemError, problem, type Refusal } from './problem'
import { rateLimit } from './rate-limit'
import { refusalOf } from './refusal'
import { requestId } from './request-id'
import { requestLog } from './request-log'

const BODY_LIMIT_BYTES = 16 * 1024

const limitBody = bodyLimit({
  maxSize: BODY_LIMIT_BYTES,
  onError: () => {
    throw new ProblemError('payload_too_large')
  },
})

/** An application without routes: what comes before any of them, and how it refuses. */
export function createFrame() {
  const app = factory.createApp({ getPath: canonicalPath })

  app.onError((error, c) => refuse(c, refusalOf(error, c)))
  app.notFound((c) => refuse(c, { code: 'not_found' }))

  app.use(requestId)
  app.use(requestLog)
  app.use(answerHeaders)
  app.use(metrics)
  app.use(provideAuthContext)
  app.use(crossOrigin)
  app.use(rateLimit)
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) =>
        refuse(c, { code: 'method_not_allowed', headers: { Allow: methods.join(', ') } }),
    }),
  )
  // It makes the request anew around what it has read, which cannot be done with a GET. What it throws itself, `next`
  // throwing nothing, is the size, or that the body was cut off.
  app.use((c, next) => {
    if (!BODY_METHODS.includes(c.req.method)) return next()
    return limitBody(c, next).catch((error) => {
      throw error instanceof ProblemError ? error : new ProblemError('malformed_json')
    })
  })
  return app
}

// People are told by a page, programs by a problem.
async function refuse(c: Context<AppEnv>, refusal: Refusal): Promise<Response> {
  const isAsked = refusal.code === 'not_found' && c.req.header('Accept')?.includes('text/html')
  if (!isPagePath(c.req.path) && !isAsked) return problem(c, refusal)
  const { refusalPage } = await import('./pages/refusal-page')
  return refusalPage(c, refusal)
}
