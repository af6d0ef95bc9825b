import { expect } from 'vitest'
import * as z from 'zod'
import { Problem } from '../../src/http/wire'
import { type Answer, createClient } from '../platform/client'

// The OpenAPI document as a reader elsewhere has it, who knows nothing of our schemas.

export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly items?: Schema
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

interface Content {
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>
}

type Scheme = 'bearer' | 'apiKey' | 'refreshCookie'

interface DocumentedOperation {
  readonly security: readonly Readonly<Partial<Record<Scheme, readonly string[]>>>[]
  readonly parameters: readonly { name: string; in: 'path' | 'query'; schema: Schema }[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Response>>
}

type Response = { readonly $ref?: string } & Content & { readonly description: string }

/** As much of the document as is looked at. */
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly responses: Readonly<Record<string, Response>>
  }
}

export interface Operation extends DocumentedOperation {
  readonly method: string
  readonly path: string
}

export class ApiDocument {
  readonly operations: readonly Operation[]
  readonly #schemas: Readonly<Record<string, Schema>>
  readonly #responses: Readonly<Record<string, Response>>
  readonly #readers = new Map<Schema, z.ZodType>()

  private constructor({ paths, components }: Document) {
    this.#schemas = components.schemas
    this.#responses = components.responses
    this.operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        method: method.toUpperCase(),
        path,
      })),
    )
  }

  static async fetch(): Promise<ApiDocument> {
    const { body } = await createClient().get('/openapi.json')
    return new ApiDocument(body as Document)
  }

  /** The schema itself where it is one by name. */
  resolve(schema: Schema): Schema {
    const named = this.#schemas[schema.$ref?.split('/').at(-1) ?? '']
    return named ?? schema
  }

  /** The fields of the body, JSON or a form, and which of them have to be there. */
  bodyOf({ requestBody }: Operation): Required<Pick<Schema, 'properties' | 'required'>> {
    const schema = Object.values(requestBody?.content ?? {})[0]?.schema
    const { properties = {}, required = [] } = schema ? this.resolve(schema) : {}
    return { properties, required }
  }

  fieldsOf(operation: Operation): Readonly<Record<string, Schema>> {
    return this.bodyOf(operation).properties
  }

  expectAnswer({ method, path }: { method: string; path: string }, answer: Answer): void {
    const { status, headers, body } = answer
    const told = `${method} ${path} answered ${status} ${JSON.stringify(body)}`
    const operation = this.operations.find((each) => each.method === method && each.path === path)
    const stated = operation?.responses[status]
    const documented = this.#responses[stated?.$ref?.split('/').at(-1) ?? ''] ?? stated
    if (!documented) throw new Error(`not documented: ${told}`)
    const schema = documented.content[headers.get('Content-Type') ?? '']?.schema
    if (!schema) throw new Error(`not of a documented type: ${told}`)
    expect(this.#readerOf(schema).safeParse(body).error?.issues ?? [], told).toEqual([])
    if (status >= 400) expect(documented.description).toContain(`\`${Problem().parse(body).code}\``)
  }

  #readerOf(schema: Schema): z.ZodType {
    const known = this.#readers.get(schema)
    if (known) return known
    const text = JSON.stringify({ ...schema, $defs: this.#schemas })
    const reader = z.fromJSONSchema(
      JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')),
    )
    this.#readers.set(schema, reader)
    return reader
  }
}
