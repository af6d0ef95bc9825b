// Writes src/auth/common-passwords.ts: the most common passwords that are long enough to be chosen here.
// To be run again when its source has been updated.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { commonPasswords } from './password-list.ts'

const file = path.join(import.meta.dirname, '../src/auth/common-passwords.ts')
writeFileSync(
  file,
  `// Written by scripts/common-passwords.ts, from @zxcvbn-ts/language-common (MIT). In lower case, one a line.
export const COMMON_PASSWORDS = ${JSON.stringify(commonPasswords().join('\n'))}
`,
)
