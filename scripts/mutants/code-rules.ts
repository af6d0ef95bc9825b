import { isNode, type Node, nameOf, nodesOf, type Replacement, walk } from './syntax.ts'

const STRICTER_OR_LOOSER: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
}
/** What is compared with a moment, a life or a count. */
const BOUND =
  /now|At\b|until|since|exp|iat|window|ttl|limit|time|fail|attempt|_MS|SECONDS|length|size|notAfter/i
const WINDOW = /_MS$|_SECONDS$|LIMIT|_A_DAY$|_DAYS$|^LONGEST|^SHORTEST|^MOST_/
const WINDOW_PROPERTY = /^(?:windowMs|limit|challengeAfter|lifeMs|maxAge|daily|mails)$/
const HEADER = /^(?:[A-Z][A-Za-z]*(?:-[A-Z][A-Za-z]*)+|Allow|Vary)$/
const COOKIE_CALL = /^(?:setCookie|deleteCookie)$/
const PUBLISHING = /^(?:publish\w*|sendAfterAnswer|noteHead|recordFailure|rememberDevice|confirm)$/
const VERIFYING = /^(?:jwtVerify|verify\w*|is\w*Signature)$/

/** Every bound of a window moved by one, and the window itself twice as long. */
export function windowReplacements(program: Node, source: string): readonly Replacement[] {
  const found: Replacement[] = []
  walk(program, (node) => {
    if (node.type === 'BinaryExpression') {
      const [left, right] = [node['left'] as Node, node['right'] as Node]
      const moved = STRICTER_OR_LOOSER[String(node['operator'])]
      const isEmptiness =
        nameOf(right) === '0' && /(?:length|size|changes)$/.test(textOf(left, source))
      if (moved && !isEmptiness && BOUND.test(textOf(node, source))) {
        const text = `${textOf(left, source)} ${moved} ${textOf(right, source)}`
        found.push({ rule: 'bound moved', start: node.start, end: node.end, text })
      }
    }
    const value = windowOf(node)
    if (value && isNumber(value)) {
      const text = `(${textOf(value, source)}) * 2`
      found.push({ rule: 'window doubled', start: value.start, end: value.end, text })
    }
  })
  return found
}

function windowOf(node: Node): Node | null {
  if (node.type === 'VariableDeclarator' && WINDOW.test(nameOf(node['id']))) {
    return isNode(node['init']) ? node['init'] : null
  }
  if (node.type === 'Property' && WINDOW_PROPERTY.test(nameOf(node['key']))) {
    return isNode(node['value']) ? node['value'] : null
  }
  return null
}

function isNumber(node: Node): boolean {
  if (node.type === 'Literal') return typeof node['value'] === 'number'
  if (node.type === 'Identifier') return WINDOW.test(nameOf(node))
  if (node.type !== 'BinaryExpression') return false
  return [node['left'], node['right']].every((side) => isNode(side) && isNumber(side))
}

/** Every security header and cookie attribute left out. */
export function headerReplacements(program: Node, source: string): readonly Replacement[] {
  const found: Replacement[] = []
  walk(program, (node, ancestors) => {
    if (node.type === 'ExpressionStatement' && /^c\.header\(/.test(textOf(node, source))) {
      found.push({ rule: 'header left out', start: node.start, end: node.end, text: ';' })
    }
    if (node.type !== 'ObjectExpression') return
    const isOfCookie = ancestors.some(
      (each) =>
        (each.type === 'CallExpression' && COOKIE_CALL.test(nameOf(each['callee']))) ||
        (each.type === 'VariableDeclarator' && /COOKIE/.test(nameOf(each['id']))),
    )
    for (const property of nodesOf(node['properties'])) {
      const isHeader = property.type === 'Property' && HEADER.test(nameOf(property['key']))
      if (!isHeader && !isOfCookie) continue
      const rule = isHeader ? 'header left out' : 'cookie attribute left out'
      found.push({ rule, ...leftOut(property, source) })
    }
  })
  return found
}

/** Every publishing not done, and not waited for. */
export function publishReplacements(program: Node, source: string): readonly Replacement[] {
  const found: Replacement[] = []
  walk(program, (node) => {
    if (node.type !== 'ExpressionStatement') return
    const expression = node['expression'] as Node
    const isAwaited = expression.type === 'AwaitExpression'
    const call = (isAwaited ? expression['argument'] : expression) as Node
    if (call.type !== 'CallExpression' || !PUBLISHING.test(nameOf(call['callee']))) return
    const { start, end } = node
    found.push({ rule: 'publishing left out', start, end, text: ';' })
    if (isAwaited) {
      const text = `void ${textOf(call, source)}`
      found.push({ rule: 'publishing not awaited', start, end, text })
    }
  })
  return found
}

/** Every option of a verification left out, every check of one not made. */
export function verificationReplacements(program: Node, source: string): readonly Replacement[] {
  const found: Replacement[] = []
  walk(program, (node, ancestors) => {
    if (node.type === 'CallExpression' && VERIFYING.test(nameOf(node['callee']))) {
      for (const handed of nodesOf(node['arguments'])) {
        const options = optionsOf(handed, ancestors)
        for (const property of nodesOf(options?.['properties'])) {
          found.push({ rule: 'option left out', ...leftOut(property, source) })
        }
      }
    }
    if (node.type === 'IfStatement' && isRefusing(node['consequent'])) {
      const { start, end } = node['test'] as Node
      found.push({ rule: 'check not made', start, end, text: 'false' })
    }
    if (node.type === 'LogicalExpression' && node['operator'] !== '??') {
      const text = node['operator'] === '&&' ? 'true' : 'false'
      for (const side of [node['left'], node['right']]) {
        const { start, end } = side as Node
        found.push({ rule: 'check not made', start, end, text })
      }
    }
  })
  return found
}

// The object itself, or the one that the name stands for.
function optionsOf(handed: Node, ancestors: readonly Node[]): Node | null {
  if (handed.type === 'ObjectExpression') return handed
  if (handed.type !== 'Identifier') return null
  const declared: Node[] = []
  const block = ancestors.findLast(({ type }) => type === 'BlockStatement')
  if (!block) return null
  walk(block, (node) => {
    const isDeclared = node.type === 'VariableDeclarator' && nameOf(node['id']) === nameOf(handed)
    if (isDeclared && isNode(node['init'])) declared.push(node['init'])
  })
  return declared.find(({ type }) => type === 'ObjectExpression') ?? null
}

function isRefusing(consequent: unknown): boolean {
  if (!isNode(consequent)) return false
  if (consequent.type === 'ThrowStatement') return true
  if (consequent.type !== 'ReturnStatement') return false
  const value = consequent['argument']
  return (
    isNode(value) &&
    value.type === 'Literal' &&
    (value['value'] === null || value['value'] === false)
  )
}

function textOf({ start, end }: Node, source: string): string {
  return source.slice(start, end)
}

// With the comma behind it, where there is one.
function leftOut({ start, end }: Node, source: string): Omit<Replacement, 'rule'> {
  const comma = /^\s*,/.exec(source.slice(end))?.[0].length ?? 0
  return { start, end: end + comma, text: '' }
}
