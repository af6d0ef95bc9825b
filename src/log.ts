import type { LogLevel } from './config'

const SEVERITY: Record<LogLevel, number> = { DEBUG: 0, INFO: 1, WARNING: 2, ERROR: 3 }

type Fields = Readonly<Record<string, unknown>>

/** Writes one JSON line per event. Fields hold ids and codes; never a token, a hash, an email or a body. */
export interface Logger {
  info(event: string, fields?: Fields): void
  warning(event: string, fields?: Fields): void
  error(event: string, fields?: Fields): void
}

const ignore = () => {}

/** Writes nothing. */
export const SILENT: Logger = { info: ignore, warning: ignore, error: ignore }

/** Lines below `minimum` are dropped; `common` fields stand in every line. */
export function createLogger(minimum: LogLevel, common: Fields): Logger {
  const writer = (level: LogLevel, write: (line: string) => void) => {
    if (SEVERITY[level] < SEVERITY[minimum]) return ignore
    return (event: string, fields: Fields = {}) =>
      write(JSON.stringify({ level, event, ...common, ...fields }))
  }
  return {
    info: writer('INFO', console.log),
    warning: writer('WARNING', console.warn),
    error: writer('ERROR', console.error),
  }
}

/** What may be logged of something thrown. Database errors come here already stripped of their values. */
export function errorFields(thrown: unknown): Fields {
  if (!(thrown instanceof Error)) return { error: typeof thrown }
  const { name, message, stack, cause } = thrown
  return { error: name, message, stack, ...(cause !== undefined && { cause: errorFields(cause) }) }
}
