import { html } from 'hono/html'

// The API on one page to read: what is in the document, without scripts, so that nothing has to be allowed.

export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly responses: Readonly<Record<string, Answer>>
    readonly examples: Readonly<Record<string, { readonly value: ProblemExample }>>
  }
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly security: readonly Readonly<Record<string, unknown>>[]
  readonly parameters: readonly Parameter[]
  readonly requestBody?: Body & { readonly required: boolean }
  readonly responses: Readonly<Record<string, Answer | Reference>>
}

interface Reference {
  readonly $ref: string
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly description: string
  readonly required: boolean
  readonly schema: Schema
}

interface Body {
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>
}

interface Answer extends Body {
  readonly description: string
}

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly default?: unknown
  readonly format?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly examples?: readonly unknown[]
}

interface ProblemExample {
  readonly status: number
  readonly code: string
  readonly detail: string
}

type Markup = ReturnType<typeof html>
type Resolve = (schema: Schema) => Schema

/** The page, of a document that `openApiDocument` made. */
export async function readerPage({ info, tags, paths, components }: ApiDocument): Promise<string> {
  const resolve: Resolve = ({ $ref, ...schema }) =>
    $ref ? { ...components.schemas[nameOf({ $ref })], ...schema } : schema
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const groups = tags.map((tag) => ({
    ...tag,
    operations: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }))
  const problems = Object.values(components.examples).map(({ value }) => value)
  return String(
    await html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} API</title>
<link rel="icon" href="/redoc/icon.svg">
<link rel="stylesheet" href="/redoc/reader.css">
<nav aria-label="Contents">
  <a class="title" href="#top">${info.title} ${info.version}</a>
  ${groups.map(
    ({ name, operations }) => html`<h2>${name}</h2>
  <ul>${operations.map(
    ({ method, operation }) =>
      html`<li><a href="#${operation.operationId}">${methodBadge(method)} <span>${prose(operation.summary)}</span></a></li>`,
  )}</ul>`,
  )}
  <h2><a href="#errors">Errors</a></h2>
</nav>
<main id="top">
  <header>
    <h1>${info.title} ${info.version}</h1>
    <p>${info.description}</p>
    <p><a href="/openapi.json">openapi.json</a> · <a href="/docs">try it out</a></p>
  </header>
  ${groups.map(
    (group) => html`<section>
    <h2>${group.name}</h2>
    <p>${group.description}</p>
    ${group.operations.map((each) => describeOperation(each, components, resolve))}
  </section>`,
  )}
  <section id="errors">
    <h2>Errors</h2>
    <p>${prose('Every error is `application/problem+json`, with a `code` that stays the same.')}</p>
    <article>
      <div>${describeSchema({ $ref: '#/components/schemas/Problem' }, resolve)}</div>
      <aside><h4>Example</h4>${json(problems[0])}</aside>
    </article>
    <table>${problems
      .toSorted((a, b) => a.status - b.status || a.code.localeCompare(b.code))
      .map(
        ({ status, code, detail }) =>
          html`<tr><td>${status}</td><td><code>${code}</code></td><td>${prose(detail)}</td></tr>`,
      )}</table>
  </section>
</main>
</html>
`,
  )
}

function describeOperation(
  { path, method, operation }: { path: string; method: string; operation: Operation },
  components: ApiDocument['components'],
  resolve: Resolve,
): Markup {
  const { operationId, summary, description, parameters, requestBody } = operation
  const answers = Object.entries(operation.responses).map(([status, answer]) => ({
    status,
    ...('$ref' in answer ? resolvedAnswer(answer, components) : answer),
  }))
  const success = answers.find(({ status }) => status < '400')
  return html`<article id="${operationId}">
  <div>
    <h3>${prose(summary)}</h3>
    ${description ? html`<p>${prose(description)}</p>` : ''}
    <p class="authorization">${authorization(operation)}</p>
    ${parameters.length > 0 ? html`<h4>Parameters</h4>${parameterList(parameters, resolve)}` : ''}
    ${requestBody ? html`<h4>Body</h4>${describeSchema(bodySchema(requestBody), resolve)}` : ''}
    <h4>Answers</h4>
    ${answers.map((answer) => describeAnswer(answer, resolve))}
  </div>
  <aside>
    <p class="request">${methodBadge(method)} <code>${path}</code></p>
    ${requestBody ? html`<h4>Body</h4>${json(exampleOf(bodySchema(requestBody), resolve))}` : ''}
    ${success ? html`<h4>${success.status}</h4>${json(exampleOf(bodySchema(success), resolve))}` : ''}
  </aside>
</article>`
}

function describeAnswer(answer: Answer & { status: string }, resolve: Resolve): Markup {
  const heading = html`<b>${answer.status}</b> ${prose(answer.description)}`
  if (answer.status >= '400') return html`<p class="refusal">${heading}</p>`
  return html`<details><summary>${heading}</summary>${describeSchema(bodySchema(answer), resolve)}</details>`
}

function authorization({ security }: Operation): string {
  if (security.length === 0) return 'Needs no token.'
  const words = security.map((schemes) => AUTHORIZATION[Object.keys(schemes)[0] ?? 'none'] ?? '')
  return `Takes ${words.join(', or ')}.`
}

const AUTHORIZATION: Readonly<Record<string, string>> = {
  bearer: 'an access token',
  refreshCookie: 'the refresh cookie',
  none: 'nothing',
}

function parameterList(parameters: readonly Parameter[], resolve: Resolve): Markup {
  return html`<dl>${parameters.map(({ name, required, description, schema }) =>
    describeField(name, required, { ...schema, description }, resolve),
  )}</dl>`
}

function describeSchema(schema: Schema, resolve: Resolve): Markup {
  const { anyOf, items, properties = {}, required = [] } = resolve(schema)
  if (anyOf) {
    const forms = anyOf.filter(({ type }) => type !== 'null')
    return html`${forms.map((form, index) => html`${index > 0 ? html`<p>or</p>` : ''}${describeSchema(form, resolve)}`)}`
  }
  if (items) return describeSchema(items, resolve)
  if (Object.keys(properties).length === 0) return html``
  return html`<dl>${Object.entries(properties).map(([name, property]) =>
    describeField(name, required.includes(name), property, resolve),
  )}</dl>`
}

function describeField(name: string, required: boolean, schema: Schema, resolve: Resolve): Markup {
  const inner = describeSchema(schema, resolve)
  return html`<dt><code>${name}</code>${required ? '' : ' (optional)'} <i>${typeOf(schema, resolve)}</i></dt>
<dd>${schema.description ? prose(schema.description) : ''}
${String(inner) === '' ? '' : html`<details><summary>fields</summary>${inner}</details>`}</dd>`
}

function typeOf(schema: Schema, resolve: Resolve): string {
  const { anyOf, items, type = '', ...rest } = resolve(schema)
  if (anyOf) return anyOf.map((form) => typeOf(form, resolve)).join(' or ')
  if (items) return `array of ${typeOf(items, resolve)}`
  const { minLength, maxLength, minimum, maximum } = rest
  const limits = [
    rest.enum?.map((value) => JSON.stringify(value)).join(' | '),
    rest.const === undefined ? undefined : JSON.stringify(rest.const),
    rest.format,
    rest.pattern,
    maxLength && `${minLength ? `${minLength} to` : 'at most'} ${maxLength} characters`,
    // Without a limit of its own, an integer has those of JavaScript.
    maximum && maximum < Number.MAX_SAFE_INTEGER && `${minimum} to ${maximum}`,
    rest.default === undefined ? undefined : `else ${JSON.stringify(rest.default)}`,
  ]
  return [[type].flat().join(' or '), ...limits.filter(Boolean)].join(', ')
}

function resolvedAnswer(reference: Reference, { responses }: ApiDocument['components']): Answer {
  const answer = responses[nameOf(reference)]
  if (!answer) throw new Error(`the document lacks ${reference.$ref}`)
  return answer
}

function exampleOf(schema: Schema, resolve: Resolve): unknown {
  const { examples, anyOf } = resolve(schema)
  return examples?.[0] ?? (anyOf?.[0] && exampleOf(anyOf[0], resolve))
}

const nameOf = ({ $ref }: Reference) => $ref.slice($ref.lastIndexOf('/') + 1)
const bodySchema = ({ content }: Body): Schema => Object.values(content)[0]?.schema ?? {}
const methodBadge = (method: string) => html`<span class="method ${method}">${method}</span>`
const json = (value: unknown) => html`<pre>${JSON.stringify(value, null, 2)}</pre>`

/** Text in which `this` is code. */
const prose = (text: string) =>
  text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))
