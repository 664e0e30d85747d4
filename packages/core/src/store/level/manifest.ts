import { crc32 } from 'node:zlib'

/** One table, as the manifest counts it. */
export interface TableEntry {
  readonly number: number
  readonly bytes: number
  readonly rows: number
  /** Checksum of its footer, which holds those of its index and blocks. */
  readonly checksum: number
  /** Latest stamp of a row. */
  readonly stamp: number
}

/** Which files of a writer count. It is replaced as a whole. */
export interface Manifest {
  /** One more each time. */
  readonly generation: number
  /** Number of the append file that is written to. */
  readonly append: number
  /** Names the append file: its checksums begin with it. */
  readonly appendNonce: number
  /** Number of the next file. */
  readonly next: number
  readonly tables: readonly TableEntry[]
}

/** More bytes than a manifest of ten thousand tables has. */
export const maxManifestBytes = 1 << 21

export function manifestText(writer: string, manifest: Manifest): string {
  const body = JSON.stringify(manifest)
  return `${checksum(writer, body)}\n${body}\n`
}

/** Undefined when it is damaged. */
export function readManifest(writer: string, text: string): Manifest | undefined {
  const [sum, body, rest, ...more] = text.split('\n')
  if (body === undefined || rest !== '' || more.length > 0 || sum !== checksum(writer, body)) return undefined
  return JSON.parse(body) as Manifest
}

function checksum(writer: string, body: string): string {
  return crc32(body, crc32(writer)).toString(16).padStart(8, '0')
}
