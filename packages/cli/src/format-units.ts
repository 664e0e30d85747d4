import { threeDigits } from '@hoptrace/ui/model'

/** A size for people, in powers of 1000: `812 B`, `1.81 kB`, `3.2 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${threeDigits(bytes / 1000)} kB`
  if (bytes < 1e9) return `${threeDigits(bytes / 1e6)} MB`
  return `${threeDigits(bytes / 1e9)} GB`
}

/** `1 scan`, `3 scans`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`
}
