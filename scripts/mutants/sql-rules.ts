import { type Node, nameOf, nodesOf, type Replacement, walk } from './syntax.ts'

// The SQL stands in templates tagged `sql`: words, operators and holes, of which a hole is one token. No grammar of SQL is
// needed to know where a condition ends: only parentheses, commas and the words that begin something else.

interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
}

const TOKEN = /'(?:[^']|'')*'|[A-Za-z_][\w.]*|\d+|->>|->|\|\||<=|>=|<>|<<|>>|[^\s]/g

/** Where a condition ends, though no parenthesis does. */
const BOUNDARIES = new Set(
  (
    'where when then else end on select from having set union except limit order group returning ' +
    'join left cross inner case values insert update delete into as by offset desc asc distinct'
  ).split(' '),
)

const LOOSER_OR_STRICTER: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
}

/** Every conjunct and disjunct of a condition dropped, and every bound moved by one. */
export function sqlReplacements(program: Node, source: string): readonly Replacement[] {
  const found: Replacement[] = []
  walk(program, (node) => {
    if (node.type !== 'TaggedTemplateExpression' || nameOf(node['tag']) !== 'sql') return
    const tokens = tokensOf(node['quasi'] as Node, source)
    found.push(...droppedConditions(tokens), ...movedBounds(tokens))
  })
  return found
}

/** Every guard dropped that is handed on as a value: the last argument of `…Where(…)`, the arguments of `and(…)`. */
export function guardReplacements(program: Node): readonly Replacement[] {
  const found: Replacement[] = []
  walk(program, (node) => {
    if (node.type !== 'CallExpression') return
    const callee = nameOf(node['callee'])
    const handed = nodesOf(node['arguments'])
    if (/Where$/.test(callee)) {
      const guard = handed.at(-1)
      if (guard && isGuard(guard)) found.push(droppedTo(guard, 'sql`true`', 'guard dropped'))
    }
    if (callee === 'and') {
      for (const each of handed) found.push(droppedTo(each, 'sql`true`', 'conjunct dropped'))
    }
    if (callee === 'orderBy') {
      for (const each of handed.slice(0, 1)) {
        found.push(droppedTo(each, 'sql`(select 1)`', 'order dropped'))
      }
    }
  })
  return found
}

// What is no guard, such as the moment, stands last in some.
function isGuard(node: Node): boolean {
  const name = node.type === 'CallExpression' ? nameOf(node['callee']) : nameOf(node)
  return /^(?:is|may|has|caller|user|session|started|issued|condition|acted)/.test(name)
}

function droppedTo({ start, end }: Node, text: string, rule: string): Replacement {
  return { rule, start, end, text }
}

function tokensOf(quasi: Node, source: string): readonly Token[] {
  const texts = nodesOf(quasi['quasis'])
  const holes = nodesOf(quasi['expressions'])
  return texts.flatMap((text, index) => {
    const [start, end] = boundsOf(text, source)
    const written = [...source.slice(start, end).matchAll(TOKEN)].map(
      ({ 0: token, index: at }) => ({
        text: token,
        start: start + at,
        end: start + at + token.length,
      }),
    )
    const hole = holes[index]
    if (!hole) return written
    // With the `${` and `}` around it.
    const opened = source.lastIndexOf('${', hole.start)
    const closed = source.indexOf('}', hole.end) + 1
    return [...written, { text: 'hole', start: opened, end: closed }]
  })
}

// Parsers differ in whether the delimiters belong to a piece of a template.
function boundsOf({ start, end }: Node, source: string): readonly [number, number] {
  const from = source[start] === '`' || source[start] === '}' ? start + 1 : start
  const to = source.slice(end - 2, end) === '${' ? end - 2 : source[end - 1] === '`' ? end - 1 : end
  return [from, to]
}

function movedBounds(tokens: readonly Token[]): readonly Replacement[] {
  return tokens.flatMap(({ text, start, end }) => {
    const moved = LOOSER_OR_STRICTER[text]
    return moved ? [{ rule: 'bound moved', start, end, text: moved }] : []
  })
}

function droppedConditions(tokens: readonly Token[]): readonly Replacement[] {
  return segmentsOf(tokens).flatMap(({ follows, tokens: segment }) => {
    const disjuncts = split(segment, 'or')
    const dropped = disjuncts.length > 1 ? disjuncts.map((each) => drop(each, 'false')) : []
    return [
      ...dropped,
      ...disjuncts.flatMap((disjunct) => {
        const conjuncts = split(disjunct, 'and')
        if (conjuncts.length < 2 && (follows !== 'where' || disjuncts.length > 1)) return []
        return conjuncts.map((each) => drop(each, 'true'))
      }),
    ]
  })
}

function drop(operand: readonly Token[], text: string): Replacement {
  const rule = text === 'true' ? 'conjunct dropped' : 'disjunct dropped'
  return { rule, start: operand[0]?.start ?? 0, end: operand.at(-1)?.end ?? 0, text }
}

interface Segment {
  /** The word before it. */
  readonly follows: string
  readonly tokens: readonly Token[]
}

/** Stretches that no boundary interrupts; what is in parentheses stands in its own, and whole in the one around it. */
function segmentsOf(tokens: readonly Token[], follows = ''): readonly Segment[] {
  const segments: Segment[] = []
  let current: Token[] = []
  let before = follows
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]
    if (!token) break
    if (token.text === '(') {
      const close = closingOf(tokens, index)
      segments.push(...segmentsOf(tokens.slice(index + 1, close)))
      current.push(...tokens.slice(index, close + 1))
      index = close
    } else if (token.text === ',' || BOUNDARIES.has(token.text.toLowerCase())) {
      segments.push({ follows: before, tokens: current })
      current = []
      before = token.text.toLowerCase()
    } else current.push(token)
  }
  segments.push({ follows: before, tokens: current })
  return segments.filter(({ tokens: some }) => some.length > 0)
}

function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let index = open; index < tokens.length; index++) {
    if (tokens[index]?.text === '(') depth += 1
    if (tokens[index]?.text === ')') depth -= 1
    if (depth === 0) return index
  }
  return tokens.length - 1
}

/** Split at a word outside of parentheses; `between x and y` is not used here. */
function split(tokens: readonly Token[], word: string): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (depth === 0 && token.text.toLowerCase() === word) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.filter((part) => part.length > 0)
}
