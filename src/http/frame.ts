import type { Context } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { requestId } from 'hono/request-id'
import { answerHeaders } from './answer-headers'
import { canonicalPath } from './canonical-path'
import { provideAuthContext } from './context'
import { crossOrigin } from './cross-origin'
import { type AppEnv, factory } from './factory'
import { metrics } from './metrics'
import { isPagePath } from './page-routes'
import { problem, type Refusal } from './problem'
import { rateLimit } from './rate-limit'
import { refusalOf } from './refusal'
import { requestLog } from './request-log'
import { wholeBody } from './whole-body'

/** An application without routes: what comes before any of them, and how it refuses. */
export function createFrame() {
  const app = factory.createApp({ getPath: canonicalPath })

  app.onError((error, c) => refuse(c, refusalOf(error, c)))
  app.notFound((c) => refuse(c, { code: 'not_found' }))

  app.use(requestId({ limitLength: 64 }))
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
  app.use(wholeBody)
  return app
}

// People are told by a page, programs by a problem.
async function refuse(c: Context<AppEnv>, refusal: Refusal): Promise<Response> {
  const isAsked = refusal.code === 'not_found' && c.req.header('Accept')?.includes('text/html')
  if (!isPagePath(c.req.path) && !isAsked) return problem(c, refusal)
  const { refusalPage } = await import('./pages/refusal-page')
  return refusalPage(c, refusal)
}
