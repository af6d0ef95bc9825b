/** Which part of a list is asked for: `limit` items after the one whose place is `after`. */
export interface PageRequest<Place> {
  readonly after: Place | null
  readonly limit: number
}

/** A part of a list; `next` is the place to go on from, null at the end. */
export interface Page<Item, Place> {
  readonly items: readonly Item[]
  readonly next: Place | null
}

/** The page of `limit` items, made of what was found when one more was asked for. */
export function pageOf<Item, Place>(
  found: readonly Item[],
  limit: number,
  placeOf: (item: Item) => Place,
): Page<Item, Place> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last !== undefined ? placeOf(last) : null }
}
