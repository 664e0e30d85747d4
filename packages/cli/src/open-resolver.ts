import { existsSync } from 'node:fs'
import path from 'node:path'
import { createResolver, type Resolver } from '@hoptrace/core'
import { checkStoreUrl } from '@hoptrace/core/store'
import type { CommandContext, GlobalOptions } from './context.js'
import { parseDurationWithin } from './moment.js'
import { UsageError } from './usage-error.js'

/** Where and how to ask. */
export interface AskOptions {
  /** Data directory of the services. @default `HOPTRACE_DIR` or `.hoptrace` */
  readonly dir?: string
  /** Stores that services share: `level:DIR`, `hbase://host:port`, `mysql://host/database`. */
  readonly stores?: readonly string[]
  /** @default 'iterative' */
  readonly mode?: 'recursive' | 'iterative'
  /** @default 10000 */
  readonly timeoutMillis?: number
  /** @default `HOPTRACE_KEY` */
  readonly clusterKey?: string
  /** Receives what could not be read, if the answer has no place for it. @default none */
  readonly onWarning?: (message: string) => void
}

/**
 * A resolver for the options of a command. Throws UsageError if the data directory is missing or a store's
 * URL is invalid.
 */
export function openResolver(options: AskOptions, env: NodeJS.ProcessEnv = process.env): Resolver {
  const dataDir = dataDirOf(options, env)
  const clusterKey = options.clusterKey ?? env['HOPTRACE_KEY']
  return createResolver({
    dir: dataDir,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
    ...(options.stores === undefined ? {} : { stores: options.stores.map(checkedStoreUrl) }),
    ...(options.timeoutMillis === undefined ? {} : { deadlineMillis: options.timeoutMillis }),
    ...(clusterKey ? { clusterKey } : {}),
    ...(options.onWarning === undefined ? {} : { onWarning: options.onWarning }),
  })
}

/** How many warnings came with the answer of a command. */
export interface Told {
  readonly warnings: number
}

/**
 * Opens a resolver for a command, passes it on, and always closes it. Its warnings become notes next to the
 * answer.
 */
export async function withResolver<T>(
  options: GlobalOptions,
  { env, output }: Pick<CommandContext, 'env' | 'output'>,
  use: (resolver: Resolver, told: Told) => Promise<T>,
): Promise<T> {
  const told = { warnings: 0 }
  const resolver = openResolver(
    {
      ...(options.recursive ? { mode: 'recursive' } : options.iterative ? { mode: 'iterative' } : {}),
      timeoutMillis: parseDurationWithin(options.timeout ?? '10s', '1ms', '24d'),
      ...(options.dir === undefined ? {} : { dir: options.dir }),
      ...(options.store === undefined ? {} : { stores: options.store }),
      onWarning: (message) => {
        told.warnings++
        output.warn(message)
      },
    },
    env,
  )
  try {
    return await use(resolver, told)
  } finally {
    await closed(resolver)
  }
}

/**
 * Closes the resolver, but does not wait for retries against an unavailable store: the answer is there
 * already.
 */
async function closed(resolver: Resolver): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_MILLIS)
  })
  await Promise.race([resolver.close(), late])
  clearTimeout(timer)
}

const CLOSE_MILLIS = 300

/** The data directory. It may be missing if there is a shared store; otherwise nothing could be found. */
export function dataDirOf(options: Pick<AskOptions, 'dir' | 'stores'>, env: NodeJS.ProcessEnv): string {
  const given = options.dir ?? (env['HOPTRACE_DIR'] || undefined)
  const dataDir = path.resolve(given ?? '.hoptrace')
  if (options.stores === undefined && !existsSync(dataDir)) {
    throw new UsageError(
      `there is no data directory ${dataDir}`,
      'run it where the services run, or give their directory with --dir or HOPTRACE_DIR, or their store with --store',
    )
  }
  return dataDir
}

/** A store's URL, checked for its form. Throws UsageError, which shows neither user nor password. */
export function checkedStoreUrl(url: string): string {
  let reason = 'the URL is not that of a store'
  try {
    checkStoreUrl(url)
    // A memory store belongs to one process, so a service's records cannot be in ours.
    if (!url.startsWith('memory:')) return url
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    if (error.message.startsWith('no package')) reason = error.message
  }
  throw new UsageError(
    reason,
    'stores look like level:DIR, hbase://host:port, hbase+http://host:port (hbase+tls:, hbase+https:, hbase+kerberos:, hbase+tls+kerberos:), or KIND:… of an installed package such as mysql://host/database; they contain no user, no password (HOPTRACE_STORE_LOGINS has those) and no query',
  )
}
