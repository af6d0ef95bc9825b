import { deleteExpired } from '../store/clean-up'
import type { AuthContext } from './auth-context'

/** Rows of each table in one run: the job runs every minute, so that a backlog goes too. */
const CHUNK = 1000

/** The job's part: what has expired goes, in bounded chunks, and the log says how much. */
export async function cleanUp({ db, log, now }: AuthContext): Promise<void> {
  const deleted = await deleteExpired(db, now, CHUNK)
  if (Object.values(deleted).some((count) => count > 0)) log.info('cleaned_up', deleted)
}
