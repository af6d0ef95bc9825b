import { app } from './app'
import { canonicalPath } from './canonical-path'

/** Has the application that has the route answer. */
export async function dispatch(
  request: Request,
  env: CloudflareBindings,
  ctx: ExecutionContext,
): Promise<Response> {
  if (!/^\/admin(?:\/|$)/.test(canonicalPath(request))) return app.fetch(request, env, ctx)
  const { administration } = await import('./administration-app')
  return administration.fetch(request, env, ctx)
}
