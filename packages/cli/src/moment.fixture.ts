/** ISO with milliseconds, as `Date` writes it. */
export function isoNanosOf(nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString()
}
