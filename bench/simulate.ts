// What the counted operations come to at 1, 10 and 100 million users: `npm run bench:simulate` prints it, renews the tables
// and the plot of docs/scale.md, and fails where a scale breaks a limit on the databases it is said to need.

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { panelsOf, TITLE } from './simulate/panels.ts'
import { brokenScales, simulateScales, tablesOf, withTables } from './simulate/tables.ts'
import { plot } from './simulate-plot.ts'

const docs = path.join(import.meta.dirname, '../docs')
const document = path.join(docs, 'scale.md')

const scales = simulateScales()
const tables = tablesOf(scales)
for (const [name, table] of tables) console.log(`${name}\n\n${table}\n`)
writeFileSync(document, withTables(readFileSync(document, 'utf8'), tables))
writeFileSync(path.join(docs, 'scale.svg'), plot(TITLE, panelsOf(scales)))

const broken = brokenScales(scales)
for (const text of broken) console.error(`broken: ${text}`)
process.exitCode = broken.length > 0 ? 1 : 0
