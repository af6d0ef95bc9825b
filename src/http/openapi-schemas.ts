import * as z from 'zod/mini'
import { EXAMPLES } from './examples'

/** What the document has once, and refers to. */
export interface Components {
  readonly schemas: Record<string, unknown>
  readonly responses: Record<string, unknown>
  readonly examples: Record<string, unknown>
}

export function jsonContent(schema: z.ZodMiniType, io: 'input' | 'output', components: Components) {
  return { 'application/json': { schema: componentOf(schema, io, components) } }
}

export function formContent(schema: z.ZodMiniType, components: Components) {
  return {
    'application/x-www-form-urlencoded': { schema: componentOf(schema, 'input', components) },
  }
}

export function jsonSchemaOf(schema: z.ZodMiniType, io: 'input' | 'output') {
  return z.toJSONSchema(schema, {
    io,
    // The format says the same, and people can read it.
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
    },
  })
}

// zod puts named schemas under a local #/$defs; a document has them once, under components.
export function componentOf(
  schema: z.ZodMiniType,
  io: 'input' | 'output',
  { schemas }: Components,
): unknown {
  const { $schema: _, $defs = {}, ...root } = jsonSchemaOf(schema, io)
  const repoint = (value: object): object =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'))
  for (const [name, definition] of Object.entries($defs)) {
    if (typeof definition === 'object') {
      schemas[name] = { ...repoint(definition), examples: EXAMPLES[name] && [EXAMPLES[name]] }
    }
  }
  return repoint(root)
}
