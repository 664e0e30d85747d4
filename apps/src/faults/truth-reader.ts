import { closeSync, openSync, readSync } from 'node:fs'
import { withLine, type Deed, type Deeds, type TruthLine } from './truth.js'

/** Reads the files of all services as they grow. */
export class TruthReader {
  readonly #files: { readonly fd: number; at: number; rest: string }[]
  readonly #truth = new Map<string, Map<string, Deed>>()

  constructor(files: readonly string[]) {
    this.#files = files.map((file) => ({ fd: openSync(file, 'a+'), at: 0, rest: '' }))
  }

  /** What is known by now. Later reads do not change it. */
  of(request: string): Deeds {
    for (const file of this.#files) this.#read(file)
    return new Map(this.#truth.get(request))
  }

  /** Forgets what is read, to keep a long campaign small. */
  forget(): void {
    for (const file of this.#files) this.#read(file)
    this.#truth.clear()
  }

  close(): void {
    for (const { fd } of this.#files) closeSync(fd)
  }

  #read(file: { readonly fd: number; at: number; rest: string }): void {
    const chunk = Buffer.alloc(1 << 16)
    for (;;) {
      const bytes = readSync(file.fd, chunk, 0, chunk.length, file.at)
      if (bytes === 0) return
      file.at += bytes
      const lines = (file.rest + chunk.toString('latin1', 0, bytes)).split('\n')
      file.rest = lines.pop() ?? ''
      for (const text of lines) this.#add(JSON.parse(text) as TruthLine)
    }
  }

  #add(line: TruthLine): void {
    const deeds = this.#truth.get(line.request) ?? new Map<string, Deed>()
    this.#truth.set(line.request, deeds)
    deeds.set(line.service, withLine(deeds.get(line.service), line))
  }
}
