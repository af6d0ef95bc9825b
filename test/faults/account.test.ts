import { ACCOUNT_FLOWS } from './account-flows'
import { describeEndurance } from './endurance'

await describeEndurance(ACCOUNT_FLOWS)
