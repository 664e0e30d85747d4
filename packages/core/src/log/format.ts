/**
 * The bytes of a log file.
 *
 *     file    = magic(8) nonce(8) frame* unwritten
 *     frame   = 0xFE 0xED  length(u16 LE)  crc32(u32 LE)  payload
 *     payload = entry+
 *     entry   = kind(u8)  fields
 *
 * A file grows in steps that are filled with a pattern derived from the nonce; frames are written over it.
 * The checksum is the CRC-32 of the payload, seeded with nonce, offset in the file, and length. So the
 * checksum of a moved frame fails, and a truncated file lacks its proper end: unwritten bytes up to a full
 * step, or an entry that says that it is the last.
 *
 * `0xFE` and `0xFF` never occur in UTF-8 nor in the pattern, so no recorded text can look like the start of a
 * frame. The first frame of a file holds one `file` entry. Numbers are LEB128 varints, ids raw bytes, times
 * u64 big endian. An entry of a hop begins with the hop's local number. If `opening` is set in its kind, the
 * opening fields follow, and if `routed` is set, the route's template as known so far.
 *
 * Texts that repeat are interned per file: a reference is 0 (null), 1 (inline), 2 (inline, and defined under
 * the number that follows) or 3 + number. A number is never used for two texts in one file, and a writer
 * starts a new table every {@link internEpochBytes}. So a damaged definition costs only the fields that refer
 * to it in that section, and never turns one text into another.
 */
export const magic = Buffer.from('hoplog3\n', 'latin1')
/** Bytes of a file before its first frame. */
export const headBytes = 16
/** A file grows by this many bytes. */
export const stepBytes = 64 * 1024
/** Readers refuse a larger file: a writer begins the next one long before. */
export const maxFileBytes = 16 << 20

export const sync0 = 0xfe
export const sync1 = 0xed
/** Bytes of a frame before its payload. */
export const frameHeaderBytes = 8
export const maxPayloadBytes = 0xffff

/** Added to the kind of an entry that opens its hop. */
export const opening = 0x80

/**
 * Added to the kind of an entry that carries the route's template, so that a hop without a close has its
 * route too.
 */
export const routed = 0x40

/**
 * Bits of a `close`. `routeStands`: the route is the one of an earlier entry. `counted`: the number of the
 * hop's earlier entries under this number follows at the end; without the bit there are none.
 */
export const closeBits = { aborted: 1, error: 2, routeStands: 4, counted: 8 } as const

/** Optional fields of a call's end. */
export const callEndBits = { servedBy: 1, otherKey: 2 } as const

export const kind = {
  file: 1,
  open: 2,
  call: 3,
  callEnd: 4,
  event: 5,
  key: 6,
  attributes: 7,
  close: 8,
  mark: 9,
  crash: 10,
  end: 11,
  dropped: 12,
  rotated: 13,
} as const

/** Bits of the byte after a hop's id in its opening. */
export const openingBits = { ownTrace: 1, parentSpan: 2, link: 4, assignedId: 8 } as const

/** The byte before an attribute's value. Segments number the types of their columns in another way. */
export const valueTag = { false: 0, true: 1, integer: 2, float: 3, text: 4 } as const

export const internEpochBytes = 64 * 1024
/** The number of texts that one table interns; later texts are written inline. */
export const maxInterned = 1024
export const maxInternedChars = 128
/**
 * The number of interned texts per file that a reader keeps; a damaged or hostile file cannot make it hold
 * more.
 */
export const maxFileTexts = 65_536

/** Bounds of recorded texts in UTF-8 bytes; longer ones are cut between characters. */
export const textBytes = {
  method: 64,
  link: 256,
  target: 512,
  service: 64,
  outcome: 64,
  eventName: 128,
  keyName: 256,
  keyValue: 1024,
  attributeName: 256,
  route: 1024,
  errorName: 128,
  errorMessage: 1024,
  errorCode: 64,
  address: 64,
  crash: 1024,
  mac: 64,
} as const

/**
 * The maximum size of a header's text: a run has at most 256 addresses of its host and 64 under which it was
 * reached.
 */
export const headerBytes = 48 * 1024

/** The maximum of `maxEventBytes`, because an entry has to fit into a frame. */
export const maxEventBytesLimit = 32 * 1024
