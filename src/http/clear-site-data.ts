import type { Context } from 'hono'
import type { AppEnv } from './factory'

/**
 * Has a browser forget what it keeps of this origin (ASVS 14.3.1): pages in its cache, which "back" would show, and after
 * one of our own pages what they could have stored. Never `cookies`: it takes those of the whole site, of apps beside this
 * service too, and the device's, by which its owner is let in while others guess. An answer of the API leaves `storage`
 * alone as well: the service may share its origin with a front end, whose storage is not ours.
 */
export function clearSiteData(c: Context<AppEnv>, kinds: readonly ('cache' | 'storage')[]): void {
  c.header('Clear-Site-Data', kinds.map((kind) => `"${kind}"`).join(', '))
}
