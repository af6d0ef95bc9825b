import { parseSync } from 'rolldown/utils'

/** A node of the tree (ESTree with TypeScript), as far as the rules look at it; offsets into the text. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

/** One piece of a source file replaced by another; `rule` names why. */
export interface Replacement {
  readonly rule: string
  readonly start: number
  readonly end: number
  readonly text: string
}

/** @throws Error where the text is no TypeScript */
export function parse(file: string, text: string): Node {
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file} cannot be parsed`)
  return program as unknown as Node
}

/** Calls `visit` with each node and its ancestors, the nearest last. */
export function walk(
  node: Node,
  visit: (node: Node, ancestors: readonly Node[]) => void,
  ancestors: readonly Node[] = [],
): void {
  visit(node, ancestors)
  for (const child of childrenOf(node)) walk(child, visit, [...ancestors, node])
}

export function childrenOf(node: Node): readonly Node[] {
  return Object.values(node).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  )
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** The name of an identifier, or of the last property of a member expression; else the empty string. */
export function nameOf(value: unknown): string {
  if (!isNode(value)) return ''
  if (value.type === 'Identifier') return String(value['name'])
  if (value.type === 'MemberExpression') return nameOf(value['property'])
  if (value.type === 'Literal') return String(value['value'])
  return ''
}

/** The nodes of a list-valued property. */
export function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}
