import { type Call, delay, fail, failAfterCommit, type Interference } from '../platform/bindings'

type Store = Call['store']

/** What can go wrong with one call to a store. */
export interface Fault {
  readonly name: string
  readonly at: (store: Store, index: number) => Interference
  /** What the service is told: `passing` of D1 is what it tries again. */
  readonly tells: 'passing' | 'final' | 'nothing'
  /** Whether what the call was to do has happened all the same. */
  readonly happens: boolean
}

const OVERLOADED = 'D1_ERROR: D1 DB is overloaded. Requests queued for too long.'
const TIMED_OUT =
  'D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.'
/** Longer, at fifty times the pace, than an answer waits for KV. */
const LATE_MS = 1500

const FAULTS: readonly Fault[] = [
  { name: 'fails, in passing', at: fail, tells: 'passing', happens: false },
  {
    name: 'fails',
    at: (store, index) => fail(store, index, OVERLOADED),
    tells: 'final',
    happens: false,
  },
  { name: 'is done and its answer lost', at: failAfterCommit, tells: 'passing', happens: true },
  {
    name: 'is done and times out',
    at: (store, index) => failAfterCommit(store, index, TIMED_OUT),
    tells: 'final',
    happens: true,
  },
  {
    name: 'comes late',
    at: (store, index) => delay(store, index, LATE_MS),
    tells: 'nothing',
    happens: true,
  },
  { name: 'fails, and all after it', at: failFrom, tells: 'final', happens: false },
]

let injected = 0

/** Every fault of every one of these calls. */
export function* faultsOf(calls: readonly Call[]) {
  for (const call of calls) {
    const isLast = !calls.some(({ store, index }) => store === call.store && index > call.index)
    for (const fault of FAULTS) {
      // After the last there is nothing.
      if (isLast && fault.at === failFrom) continue
      injected++
      yield { call, fault }
    }
  }
}

export function aboutFault({ store, index }: Call, { name }: Fault): string {
  return `the ${store} call ${index} ${name}`
}

/** How many there have been in this file. */
export function tellFaults(): void {
  console.info(`${injected} faults were injected`)
}

function failFrom(store: Store, index: number): Interference {
  return (call, proceed) => {
    if (call.store === store && call.index >= index) throw new Error(OVERLOADED)
    return proceed()
  }
}

/** The one around the other, where there are both. */
export function both(outer?: Interference, inner?: Interference): Interference {
  return (call, proceed) => {
    const within = () => (inner ? inner(call, proceed) : proceed())
    return outer ? outer(call, within) : within()
  }
}

/** Notes every call. */
export function note(calls: Call[]): Interference {
  return (call, proceed) => {
    calls.push(call)
    return proceed()
  }
}
