import type { ListedSession } from '../../auth/list-sessions'
import type { Markup } from './answer'
import { Time } from './layout'

/** Where else a session is used: for its user to judge. */
export function OtherPlaces({
  networks,
}: {
  networks: ListedSession['otherNetworks']
}): Markup | null {
  if (networks.length === 0) return null
  return (
    <div class="quiet">
      Used at the same time from another network:{' '}
      {networks.map(({ ip, at }, index) => (
        <>
          {index > 0 && '; '}
          {ip ?? 'unknown address'}, since <Time at={at} />
        </>
      ))}
    </div>
  )
}
