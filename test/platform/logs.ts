import { vi } from 'vitest'

let lines: string[] = []

/** Keeps what the service logs out of the test's own output. */
export function captureLogs(): void {
  lines = []
  for (const method of ['log', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((line: unknown) => {
      lines.push(String(line))
    })
  }
}

/** How much has been logged since the test began. */
export function countLogged() {
  return { lines: lines.length, bytes: lines.reduce((sum, { length }) => sum + length, 0) }
}

export function loggedText(): string {
  return lines.join('\n')
}

/** The events logged since the test began, all or those of one name. */
export function loggedEvents(event?: string): readonly Record<string, unknown>[] {
  const events: Record<string, unknown>[] = lines.map((line) => JSON.parse(line))
  return event === undefined ? events : events.filter((entry) => entry['event'] === event)
}
