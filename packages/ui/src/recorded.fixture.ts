import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, createTracer, type Resolver } from '@hoptrace/core'
import { startUi, type Ui, type UiOptions } from './index.js'

/** Three orders that a service has recorded, and servers of the page over them. */
export interface Recorded extends AsyncDisposable {
  readonly dir: string
  readonly resolver: Resolver
  readonly pageDir: string
  readonly open: Ui[]
  /** Serves the page, and gives its address without the path. */
  start(options?: Partial<UiOptions>): Promise<string>
  closeAll(): Promise<void>
}

/** `orderId` 1 and 2 were placed, 3 failed. */
export async function recorded(): Promise<Recorded> {
  const dir = await mkdtemp(path.join(tmpdir(), 'hoptrace-ui-'))
  const pageDir = path.join(dir, 'page')
  await mkdir(pageDir)
  await writeFile(path.join(pageDir, 'index.html'), '<!doctype html><title>page</title>')
  const tracer = createTracer({ service: 'orders', dataDir: path.join(dir, 'data') })
  for (const orderId of ['1', '2', '3']) {
    await tracer
      .run({ name: 'place-order' }, async () => {
        tracer.hop?.setKey('orderId', orderId)
        tracer.hop?.event('order.accepted', { note: '<img src=x onerror=alert(1)>' })
        if (orderId === '3') throw new Error('no stock')
      })
      .catch(() => undefined)
  }
  await tracer.close()
  const resolver = createResolver({ dir: path.join(dir, 'data') })
  const open: Ui[] = []
  const closeAll = async (): Promise<void> => void (await Promise.all(open.splice(0).map((ui) => ui.close())))
  return {
    dir,
    resolver,
    pageDir,
    open,
    closeAll,
    start: async (options = {}) => {
      const ui = await startUi({ resolver, pageDir, ...options })
      open.push(ui)
      return ui.url.replace(/\/(#.*)?$/, '')
    },
    [Symbol.asyncDispose]: async () => {
      await closeAll()
      await resolver.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
