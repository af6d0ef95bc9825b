import type { Row } from '../../scripts/database.ts'
import type { World } from './world.ts'

/** Something that must hold, how many rows were looked at, and what shows that it does not. */
export interface Invariant {
  readonly name: string
  readonly looked: number
  readonly broken: readonly string[]
}

export async function rows({ db }: Pick<World, 'db'>, sql: string): Promise<readonly Row[]> {
  return (await db.prepare(sql).all<Row>()).results
}
