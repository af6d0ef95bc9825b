export const HOME = '/account'

/**
 * Where a login leads: to the path of this origin that was asked for, or home. What a browser would read as anything
 * but what stands there (`//`, `\`, dots, tabs, encoded slashes) is no such path.
 */
export function ownPath(next: string | null | undefined, origin: string): string {
  const url = next?.startsWith('/') ? URL.parse(next, origin) : null
  if (url?.origin !== origin) return HOME
  if (/%(?:2f|5c|2e|25|[01])/i.test(url.pathname)) return HOME
  return `${url.pathname}${url.search}${url.hash}` === next ? next : HOME
}
