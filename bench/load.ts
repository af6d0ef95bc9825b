import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { cpuSeconds } from './serve.ts'

const run = promisify(execFile)
const SCRIPT = path.join(import.meta.dirname, 'load.lua')

export interface Load {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** How each of `lines` is used: load.lua. */
  readonly use: 'bearer' | 'body' | 'refresh'
  readonly lines: readonly string[]
  readonly connections: number
  readonly seconds: number
}

export interface Measured {
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Milliseconds of the server's CPU, for each request. */
  readonly cpu: number
}

/**
 * Asks for the same again and again, from the last core where there is more than one.
 * @throws when anything was not answered, or with another status than 2xx
 */
export async function load(options: Load, pid: number): Promise<Measured> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-load-'))
  const file = path.join(folder, 'lines')
  writeFileSync(file, options.lines.map((line) => `${line}\n`).join(''))
  const { url, method, connections, seconds, use } = options
  const wrk = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s']
  const asked = ['-s', SCRIPT, url, '--', method, options.path, file, use]
  try {
    const before = cpuSeconds(pid)
    const { stdout } = await run('taskset', ['-c', '1', ...wrk, ...asked])
    const cpu = cpuSeconds(pid) - before
    const result = JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? 'null')
    if (!result || result.requests === 0 || result.refused > 0 || result.broken > 0) {
      throw new Error(`${method} ${options.path}: ${stdout}`)
    }
    return {
      perSecond: (result.requests / result.microseconds) * 1e6,
      p50: result.p50 / 1000,
      p99: result.p99 / 1000,
      cpu: (cpu * 1000) / result.requests,
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
