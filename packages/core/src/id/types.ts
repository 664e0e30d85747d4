declare const hopIdBrand: unique symbol

/** 32 lowercase hex digits: the 16 bytes of an id, big endian. Byte, text and time order are the same order. */
export type HopId = string & { readonly [hopIdBrand]: true }

/** 32 lowercase hex digits: the HopId of the trace's entry hop, or a foreign W3C trace-id. */
export type TraceId = string

/** What an id says of itself. */
export interface HopIdFields {
  /** Nanoseconds since the Unix epoch. */
  readonly nanos: bigint
  /** True when a caller issued it for its callee. */
  readonly assigned: boolean
  /** Worker number of the owner, or the tag of the issuing instance: 0-2047. */
  readonly issuer: number
  /** Counter within one nanosecond: 0-15. */
  readonly counter: number
  /** Dotted IPv4; `0.0.0.0` when the caller dialled a name that was not resolved. */
  readonly ip: string
  readonly port: number
}
