import * as z from 'zod/mini'

/** The schema, under the name that the API's document has it by. */
export function named<Schema extends z.ZodMiniType>(id: string, schema: Schema): Schema {
  z.globalRegistry.add(schema, { id })
  return schema
}
