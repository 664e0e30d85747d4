import { UsageError } from './usage-error.js'

/** A positive whole number. Throws UsageError. */
export function parseCount(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value
  throw new UsageError(`'${text}' is not a positive whole number`)
}

/** A port, or 0. Throws UsageError. */
export function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new UsageError(`'${text}' is not a port`, 'a port is a number from 0 to 65535')
}
