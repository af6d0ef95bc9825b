import * as z from 'zod/mini'

/** The schema, under the name that the API's document has it by. */
export function named<Schema extends z.ZodMiniType>(id: string, schema: Schema): Schema {
  z.globalRegistry.add(schema, { id })
  return schema
}

/**
 * The schema of what is answered, made when somebody asks for it. The document does; no request is held against it, so that a
 * start need not make it.
 */
export function answer<Schema extends z.ZodMiniType>(id: string, make: () => Schema): () => Schema {
  const made: { schema?: Schema } = {}
  return () => {
    made.schema ??= named(id, make())
    return made.schema
  }
}

export type Answered<Answer extends () => z.ZodMiniType> = z.output<ReturnType<Answer>>
