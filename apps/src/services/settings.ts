import type { StoreSpec } from '@hoptrace/core'

/** The settings of a shop's service, from its environment. */
export interface Settings {
  /** `PORT`, or 0 for any free one. */
  readonly port: number
  /** `SHOP_STORE`: `level` (the default) or the URL of a server: `hbase://`, `hbase+http://`, `mysql://`, `redis://`. */
  readonly store: StoreSpec
  /** `SHOP_WINDOW_MILLIS`: how soon records move from the log to the store. */
  readonly windowMillis: number
  readonly graceMillis: number
}

/** Reads the settings; throws TypeError on what makes no sense, before anything is started. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return {
    port: wholeNumber(env['PORT'] ?? '0', 'PORT'),
    store: storeSpec(env['SHOP_STORE'] ?? 'level'),
    windowMillis: wholeNumber(env['SHOP_WINDOW_MILLIS'] ?? '1000', 'SHOP_WINDOW_MILLIS'),
    graceMillis: wholeNumber(env['SHOP_GRACE_MILLIS'] ?? '250', 'SHOP_GRACE_MILLIS'),
  }
}

/** `SHOP_KAFKA`: the broker by which mails go, `host:port`. Undefined: they go by HTTP. */
export function brokerOf(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env['SHOP_KAFKA']
}

/** `level` or a server's URL as the store option of a tracer. Throws TypeError for anything else. */
export function storeSpec(text: string): StoreSpec {
  if (text === 'level') return { kind: 'level' }
  const [, kind] = /^(hbase|mysql|redis)(?:\+http)?:\/\/[^/]/.exec(text) ?? []
  if (kind !== undefined) return { kind, url: text }
  // It may have a password, so the message does not show it.
  throw new TypeError('a store is level, hbase://host:port, hbase+http://host:port, mysql://… or redis://…')
}

/** Where another service of the shop listens: `<NAME>_URL`. */
export function urlOf(service: string, env: NodeJS.ProcessEnv = process.env): string {
  const url = env[`${service.toUpperCase()}_URL`]
  if (url === undefined) throw new TypeError(`${service.toUpperCase()}_URL is not set`)
  return url
}

function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new TypeError(`${name} is not a whole number: '${text}'`)
  return Number(text)
}
