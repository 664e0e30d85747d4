import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TracerOptions } from '@hoptrace/core'
import { Service, type ServiceOptions } from './processes.fixture.js'
import { changesOf, treeOf } from './tree.fixture.js'

/** The user whom root becomes where a test needs another one. */
export const otherUser = 65_534

/** Whether this process may become another user and mount things. */
export const isRoot = process.getuid?.() === 0

/**
 * A data directory, and next to it a tree that belongs to others. Whatever happens in a test, that tree has
 * to stay as it is, byte by byte.
 */
export class Scene implements AsyncDisposable {
  readonly root = mkdtempSync(path.join(tmpdir(), 'hoptrace-hostile-'))
  readonly dataDir = path.join(this.root, 'data')
  readonly #services: Service[] = []
  readonly #outside: readonly string[]

  constructor() {
    // The data directory has to keep others out by itself.
    chmodSync(this.root, 0o755)
    mkdirSync(this.dataDir, { mode: 0o750 })
    mkdirSync(path.join(this.outside, 'deep'), { recursive: true })
    for (const name of ['000001.ldb', '00000001.log', 'CURRENT', 'important', 'deep/00000002.log'])
      writeFileSync(path.join(this.outside, name), `the ${name} of another application\n`)
    this.#outside = treeOf(this.outside)
  }

  /** The tree of others. */
  get outside(): string {
    return path.join(this.root, 'outside')
  }

  /** What has changed in it: nothing, if all is well. */
  changedOutside(): readonly string[] {
    return changesOf(this.#outside, treeOf(this.outside))
  }

  /** Starts a service of the scene's data directory; it ends with the scene. */
  async service(
    service: string,
    tracer: Partial<TracerOptions> = {},
    more: Omit<ServiceOptions, 'tracer'> = {},
  ): Promise<Service> {
    const started = await Service.start({ tracer: { service, dataDir: this.dataDir, ...tracer }, ...more })
    this.#services.push(started)
    return started
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#services.map((service) => service.kill()))
    rmSync(this.root, { recursive: true, force: true })
  }
}
