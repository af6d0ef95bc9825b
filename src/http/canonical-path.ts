import { getPath } from 'hono/utils/url'

const PREFIX = /^\/(?:api|v1)\/auth(?=\/|$)/
const NAMES: Readonly<Record<string, string>> = {
  '/auth/register': '/auth/signup',
  '/auth/signin': '/auth/login',
}

/**
 * The path that is routed, limited and logged: the names that earlier systems used become ours before
 * anything sees them, so that a limit cannot be multiplied by an alias.
 */
export function canonicalPath(request: Request): string {
  const path = getPath(request).replace(PREFIX, '/auth')
  return NAMES[path] ?? path
}
