import type { Server, Socket } from 'node:net'
import { processDiagnostics } from '../base/diagnostics.js'
import type { RemoteQuestions } from '../ask/remote-questions.js'
import { claimServer, serverOf, type ListenerOwner } from '../listen/listeners.js'
import type { Settings } from '../settings/options.js'
import type { WireRules } from '../propagation/index.js'
import {
  addressOfBound,
  addressOfConnection,
  addressOfProcess,
  addressOfServer,
  type Bound,
  type RunAddress,
} from '../listen/run-address.js'
import { Run } from './run.js'
import { createRecorder } from '../recorder/create-recorder.js'
import { specLocation } from '../store/spec-url.js'

/** What a registry row takes. */
const maxDestinations = 64

/**
 * The runs of a tracer; the last one begins hops. When a process that ran jobs begins to listen, it continues
 * in a new run under the address of its first listening socket. Each further socket is an alias of that run.
 */
export class Runs implements ListenerOwner {
  readonly all: Run[] = []
  private readonly settings: Settings
  private readonly wire: WireRules
  /** The server that accepted the newest request: nothing about it is new. */
  private served: Server | undefined
  /** Where the server that is not Node's listens. */
  private bound: string | undefined
  private readonly destinations = new Set<string>()
  private readonly known = new WeakSet<Server>()

  constructor(
    settings: Settings,
    wire: WireRules,
    private readonly questions: RemoteQuestions | undefined,
  ) {
    this.settings = settings
    this.wire = wire
    this.add()
  }

  get current(): Run {
    return this.all[this.all.length - 1] as Run
  }

  /** The run of a job. */
  forJob(): Run {
    const run = this.current
    return run.info === undefined ? this.start(run, addressOfProcess(this.settings.address)) : run
  }

  /** This run, and the next ones, consume messages of this destination. */
  consumes(destination: string): void {
    if (this.destinations.size < maxDestinations) this.destinations.add(destination)
    this.forJob().consumes(destination)
  }

  /** The run of a request. */
  forRequest(socket: Socket): Run {
    const server = serverOf(socket)
    if (server !== undefined && server === this.served) return this.current
    if (server === undefined || !this.known.has(server)) this.serves(server, socket)
    this.served = server
    return this.forJob()
  }

  /** The run of a request of a server that is not Node's. @param bound where it listens, if that is known */
  forBound(bound: Bound | undefined): Run {
    const place = bound && `${bound.address} ${bound.port}`
    if (bound !== undefined && place !== this.bound) {
      this.bound = place
      this.reachedAt(addressOfBound(bound, this.settings.address))
    }
    return this.forJob()
  }

  /** A server of this process listens, and there is no other tracer that it could belong to. */
  listens(server: Server): void {
    try {
      const found = addressOfServer(server, this.settings.address)
      if (found !== undefined) this.reachedAt(found)
    } catch {
      this.current.failed()
    }
  }

  /** The server belongs to another tracer, so this tracer continues in a run without its address. */
  gives(server: Server): void {
    this.known.delete(server)
    if (this.served === server) this.served = undefined
    const found = addressOfServer(server, undefined)
    if (found !== undefined && found.address === this.current.info?.address) this.add()
  }

  private serves(server: Server | undefined, socket: Socket): void {
    const found = addressOfConnection(socket, this.settings.address)
    if (server !== undefined) {
      this.known.add(server)
      claimServer(server, this)
      this.questions?.watch(server)
    }
    if (found !== undefined) this.reachedAt(found).serves(found.endpoint)
  }

  private reachedAt(found: RunAddress): Run {
    const { current } = this
    if (current.info === undefined) return this.start(current, found)
    const addresses = [found.address, ...found.aliases]
    if (!current.listening && !addresses.includes(current.address)) return this.start(this.add(), found)
    current.addAddresses(addresses)
    return current
  }

  private add(): Run {
    const run = new Run(this.settings, this.wire, processDiagnostics, (made) =>
      createRecorder(this.settings, made, processDiagnostics),
    )
    this.all.push(run)
    return run
  }

  /** What the operator says comes on top. */
  private start(run: Run, found: RunAddress): Run {
    const { url, buckets } = specLocation(this.settings.store, this.settings)
    const { address: given } = this.settings
    const extra =
      given === undefined || given === found.address || found.aliases.includes(given) ? [] : [given]
    run.start({ ...found, aliases: [...extra, ...found.aliases] }, url, buckets)
    for (const destination of this.destinations) run.consumes(destination)
    return run
  }
}
