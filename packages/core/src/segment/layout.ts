/** Format version: the fourth byte of every segment. */
export const segmentVersion = 2

/** Most bytes that a cell aims at; only records that cannot be cut apart make a larger one. */
export const cellBytes = 100_000

/** Most bytes of one segment, whatever it holds. */
export const maxSegmentBytes = 8 * 1024 * 1024

/** Most bytes that a segment's packed part may unfold to. */
export const maxUnpackedBytes = 64 * 1024 * 1024

/** Most records in a segment. */
export const maxRecords = 1 << 16

/** Most values of all records of a segment together, as `sizeOf` counts them. */
export const maxValues = 1 << 21

/**
 * Most UTF-16 units of text in all records of a segment together, and again in its dictionary of strings. A
 * record at the limits of a hop, its details shed, has less than half of it.
 */
export const maxTextUnits = 1 << 24

/** How much a unit of a record in the json column counts: parsing it makes more than its text. */
export const jsonUnits = 2

/**
 * Most numbers that are decoded of one segment: of each value at most four (itself, the length, end and place
 * of its text).
 */
export const maxNumbers = 4 * maxValues

/** Most bytes of all shapes of a segment. */
export const maxShapeBytes = 1 << 23

/** How much a record counts towards `maxValues`: it bounds the memory that reading a segment takes. */
export function sizeOf(record: {
  readonly keys: number
  readonly attributes: number
  readonly events: number
  readonly eventAttributes: number
  readonly calls: number
}): number {
  return 8 + record.keys + record.attributes + record.events + record.eventAttributes + 6 * record.calls
}

/** Differences of nanoseconds up to here are coded as such; an id farther away is written whole. */
export const maxNanosDifference = 2 ** 51

/** Offsets and durations up to here (12 days) are coded as columns. */
export const maxMicros = 2 ** 40

/** The number columns that every segment has, in the order in which they are written. */
export const numberColumns = [
  'shape',
  'idStep',
  'idTail',
  'startOwn',
  'startAssigned',
  'traceStep',
  'traceTail',
  'duration',
  'durationRest',
  'assignedStep',
  'assignedTail',
  'shed',
  'eventOffset',
  'callOffset',
  'callGap',
  'callClock',
  'callDuration',
  'servedStep',
  'servedTail',
  'words',
] as const

export type NumberColumnName = (typeof numberColumns)[number]

/**
 * The text columns that every segment has, in the order in which they are written, after the number columns.
 */
export const textColumns = ['errorMessage', 'link', 'crash', 'json'] as const

export type TextColumnName = (typeof textColumns)[number]

/** Bits of a shape's first symbol. */
export const hopBits = {
  /** Two bits: index in `hopStates`. */
  state: 0,
  aborted: 2,
  duration: 3,
  /** The duration is coded against the end of the last call. */
  durationRest: 4,
  /** Two bits: `idForm`. */
  trace: 5,
  assignedId: 7,
  parentSpan: 8,
  link: 9,
  error: 10,
  crash: 11,
  shed: 12,
  /** A symbol says how many entries were lost. */
  lost: 13,
  /** The whole record is in the `json` column; no other symbol follows. */
  json: 14,
} as const

export const hopStates = ['open', 'closed', 'interrupted'] as const

/** How an id is coded: equal to its reference id, as a step of nanoseconds and a tail, or in whole words. */
export const idForm = { same: 0, step: 1, words: 2 } as const

/** Bits of a call's first symbol. */
export const callBits = {
  duration: 0,
  /** The offset is coded against the end of the call before, not against its start. */
  gap: 1,
  /** The id is in the `words` column. */
  words: 2,
  servedBy: 3,
  /** Two bits: `idForm` of `servedBy.hopId` against the call's id. */
  servedForm: 4,
  via: 6,
  otherKey: 7,
} as const

/** Types of attribute values; a type is a symbol of the shape. */
export const columnType = { text: 0, integer: 1, float: 2, false: 3, true: 4 } as const
