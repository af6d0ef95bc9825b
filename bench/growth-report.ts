import { SESSIONS_EACH } from './fill.ts'
import type { Grown } from './growth.ts'

/** How much more CPU a flow may take with the most users than with the fewest. */
const TOLERANCE = 1.15
/**
 * Rows by which one run differs from another: which role of a person is found first, whether a session was refreshed,
 * and the events of the five minutes that a list before a time begins with.
 */
const STRAY_ROWS = 12
/** With statistics the plans may differ between sizes, but no table may be read as a whole. */
const OTHER_PLAN = 1.5
const DATABASE_BYTES = 10e9
/** A digest in a checkpoint, `[seq,"…"],`, by which an event is sealed. */
const SEAL_BYTES = 56

/** The figures as Markdown, and whether D1 reads the same for each flow at every size. */
export function report(grown: readonly Grown[]) {
  const rows = flowRows(grown)
  const text = [
    table(
      ['', ...grown.flatMap(({ users }) => [`${short(users)}: CPU ms`, 'p50 ms', 'rows'])].concat(
        'CPU, last to first',
        'rows',
      ),
      rows.map(({ cells }) => cells),
    ),
    table(
      ['users', 'filled in s', 'MB', 'bytes a user', 'a session', 'an audit event'],
      grown.map(spaceCells),
    ),
    ...grown.slice(-1).map(capacity),
  ].join('\n\n')
  return { text, isFlat: rows.every(({ isFlat }) => isFlat) }
}

function flowRows(grown: readonly Grown[]) {
  return Object.keys(grown[0]?.rows ?? {}).map((name) => {
    const cells = grown.flatMap(({ figures, rows, rowsAnalyzed }) => {
      const times = [figures[name]?.cpu, figures[name]?.p50].map((time) => time?.toFixed(2) ?? '')
      const counts = [rows[name], rowsAnalyzed[name]].map((count) => count?.join('/') ?? '')
      return [...times, [...new Set(counts)].join(', analysed ')]
    })
    const ratio = (grown.at(-1)?.figures[name]?.cpu ?? 0) / (grown[0]?.figures[name]?.cpu || 1)
    const isFlat =
      spread(grown.map(({ rows }) => rows[name])).difference <= STRAY_ROWS &&
      spread(grown.map(({ rowsAnalyzed }) => rowsAnalyzed[name])).ratio <= OTHER_PLAN
    const cpu = `${ratio.toFixed(2)}${ratio > TOLERANCE ? ' (!)' : ''}`
    return { isFlat, cells: [name, ...cells, ratio === 0 ? '' : cpu, isFlat ? 'flat' : 'NOT flat'] }
  })
}

/** Between the least and the most that was read at any size. */
function spread(counts: readonly (readonly number[] | undefined)[]) {
  const least = Math.min(...counts.map((count) => count?.at(0) ?? 0))
  const most = Math.max(...counts.map((count) => count?.at(-1) ?? 0))
  return { difference: most - least, ratio: most / least }
}

/** Bytes of one of each, with its rows in other tables and all indexes. */
function bytesEach({ filled: { users, sessions, events, bytes } }: Grown) {
  const of = (...tables: readonly string[]) =>
    tables.reduce((sum, name) => sum + (bytes[name] ?? 0), 0)
  return {
    user: of('users', 'user_roles') / users,
    session: of('user_sessions') / sessions,
    event: of('audit_events') / events,
    all: of(...Object.keys(bytes)),
  }
}

function spaceCells(at: Grown): readonly string[] {
  const { user, session, event, all } = bytesEach(at)
  const each = [user, session, event].map((bytes) => bytes.toFixed(0))
  return [short(at.users), at.fillSeconds.toFixed(0), (all / 1e6).toFixed(1), ...each]
}

function capacity(at: Grown): string {
  const { user, session, event } = bytesEach(at)
  const person = user + SESSIONS_EACH * session
  const bare = DATABASE_BYTES / person
  const sealed = event + SEAL_BYTES
  const weeks = (users: number, perWeek: number) =>
    ((DATABASE_BYTES - users * person) / (users * perWeek * sealed)).toFixed(0)
  return [
    `A user with ${SESSIONS_EACH} sessions takes ${person.toFixed(0)} bytes: ${short(bare)} of them in 10 GB without audit events,`,
    `${short(DATABASE_BYTES / (person + SESSIONS_EACH * sealed))} with ${SESSIONS_EACH} sealed events each (${sealed.toFixed(0)} bytes).`,
    'Weeks of audit that fit beside them, by events of a user in a week:',
    '',
    table(
      ['users', '1', '2', '5', '10'],
      [100_000, 500_000, 1_000_000, 2_000_000].map((users) => [
        short(users),
        ...[1, 2, 5, 10].map((perWeek) => weeks(users, perWeek)),
      ]),
    ),
  ].join('\n')
}

function short(count: number): string {
  if (count >= 1e6) return `${+(count / 1e6).toFixed(1)} M`
  return count >= 1000 ? `${+(count / 1000).toFixed(0)} k` : String(count)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
