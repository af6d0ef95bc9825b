import fc from 'fast-check'
import type { ApiDocument, Schema } from './api-document'
import { HOSTILE_TEXTS, HOSTILE_VALUES } from './hostile-values'

// Values made from schemas: as the schema says, or nearly so.

export type Fields = Readonly<Record<string, unknown>>

/** Stands for what the service will have made by then: the nth last of its kind. */
export class Existing {
  readonly kind: string
  readonly nth: number
  readonly otherwise: unknown

  constructor(kind: string, nth: number, otherwise: unknown) {
    this.kind = kind
    this.nth = nth
    this.otherwise = otherwise
  }
}

export const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)
export const hostileValue = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE_VALUES) },
  { weight: 1, arbitrary: fc.jsonValue() },
)

export function existing(kind: string, otherwise: fc.Arbitrary<unknown>): fc.Arbitrary<Existing> {
  return fc.tuple(fc.nat(7), otherwise).map(([nth, value]) => new Existing(kind, nth, value))
}

/** What the schema takes; where the service has made something of that name, often that. */
export function valid(document: ApiDocument, schema: Schema, name = ''): fc.Arbitrary<unknown> {
  const known = document.resolve(schema)
  if (known.anyOf) return fc.oneof(...known.anyOf.map((each) => valid(document, each, name)))
  if (known.enum) return fc.constantFrom(...known.enum)
  if (known.const !== undefined) return fc.constant(known.const)
  const types = [known.type].flat().filter((type) => type !== undefined)
  return fc.oneof(...types.map((type) => validOf(type, document, known, name)))
}

function validOf(
  type: string,
  document: ApiDocument,
  schema: Schema,
  name: string,
): fc.Arbitrary<unknown> {
  switch (type) {
    case 'string':
      return validText(schema, name)
    case 'integer':
    case 'number':
      return fc.integer()
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array': {
      const maxLength = Math.min(schema.maxItems ?? 3, 3)
      return fc.array(valid(document, schema.items ?? {}, name), { maxLength })
    }
    case 'object':
      return validFields(document, schema.properties ?? {}, schema.required ?? [])
    default:
      throw new Error(`the document has a type that is not known here: ${type}`)
  }
}

export function validFields(
  document: ApiDocument,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = Object.keys(properties),
): fc.Arbitrary<Fields> {
  const fields = Object.entries(properties).map(([name, schema]) => [
    name,
    valid(document, schema, name),
  ])
  return fc.record<Fields>(Object.fromEntries(fields), { requiredKeys: [...required] })
}

function validText(schema: Schema, name: string): fc.Arbitrary<unknown> {
  const fresh = freshText(schema, name)
  return fc.oneof(
    { weight: 4, arbitrary: existing(name, fresh) },
    // What names something is refused where it exists as often as where it does not.
    { weight: /(?:email|name)$/.test(name) ? 4 : 1, arbitrary: fresh },
  )
}

function freshText(schema: Schema, name: string): fc.Arbitrary<string> {
  const { pattern, format, minLength = 0, maxLength = 40 } = schema
  if (name.endsWith('email')) return fc.uuid().map((id) => `fuzz-${id}@example.com`)
  if (format === 'date-time') {
    return fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
  }
  if (pattern) return fc.stringMatching(new RegExp(pattern))
  // Empty is as absent in some places; hostile values have it.
  const shortest = Math.max(minLength, 1)
  return fc.string({ unit: 'grapheme', minLength: shortest, maxLength: Math.min(maxLength, 40) })
}

/** One thing about it is wrong. */
export function nearly(fields: fc.Arbitrary<Fields>): fc.Arbitrary<Fields> {
  const change = fc.record({
    nth: fc.nat(20),
    how: fc.constantFrom('replace', 'replace', 'replace', 'drop', 'add', 'wrap'),
    value: hostileValue,
  })
  return fc.tuple(fields, change).map(([good, { nth, how, value }]) => {
    const names = Object.keys(good)
    const name = names[nth % Math.max(1, names.length)] ?? 'unknown'
    if (how === 'add') return { ...good, [`${name}_2`]: value }
    if (how === 'wrap') return { ...good, [name]: [good[name]] }
    const { [name]: _, ...others } = good
    return how === 'drop' ? others : { ...others, [name]: value }
  })
}
