import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { Row, Store } from '../contract.js'

export const everything = { from: Buffer.alloc(0), to: Buffer.from([255]), limit: 100_000 }

export function freshDir(): string {
  const parent = mkdtempSync(path.join(tmpdir(), 'hoptrace-level-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  return path.join(parent, 'store')
}

export function opened(store: Store): Store {
  onTestFinished(() => store.close())
  return store
}

export function row(key: string, value: string | Buffer = key): Row {
  return { key: Buffer.from(key), value: Buffer.from(value) }
}

export async function keysOf(store: Store): Promise<string[]> {
  return (await store.scan(everything)).map(({ key }) => Buffer.from(key).toString())
}
