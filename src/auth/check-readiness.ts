import { touchStores } from '../store/health'
import type { AuthContext } from './auth-context'

/** Resolves when what every request needs can be reached. */
export function checkReadiness({ db, markers }: AuthContext): Promise<void> {
  return touchStores(db, markers)
}
