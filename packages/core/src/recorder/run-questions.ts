import { timing } from '../base/timing.js'
import { runName } from '../record/instance-row.js'
import type { RunInfo } from '../rundir/run-info.js'
import { AskServer, type AskHandler } from './ask-server.js'
import type { EndpointRequest, EndpointResponse } from './endpoint.js'
import type { ClusterKeys } from '../key/index.js'
import { SIGNATURE_HEADER, SignatureCheck } from '../ask/sign.js'

/** Keeps a run's live endpoint where it is asked: in the run's directory, wherever that is by now. */
export class RunQuestions implements AskHandler {
  private readonly signatures: SignatureCheck | undefined
  private server: AskServer | undefined
  private dir: string | undefined
  private listening: Promise<void> = Promise.resolve()
  private readonly timer: NodeJS.Timeout
  private closed = false

  /** `keys`: given ones let other hosts ask, by questions that are signed. */
  constructor(
    private readonly endpoint: Pick<AskHandler, 'handle'>,
    private readonly run: RunInfo,
    keys: ClusterKeys,
  ) {
    this.signatures = keys.given ? new SignatureCheck(keys) : undefined
    this.timer = setInterval(() => void this.look(), timing.socketLookMillis)
    this.timer.unref()
  }

  /** Answers in this directory from now on. Never rejects: where it cannot listen, it tries again. */
  listen(dir: string): Promise<void> {
    this.dir = dir
    this.listening = this.listening.then(() => this.renew())
    return this.listening
  }

  handle(request: EndpointRequest, signal: AbortSignal): Promise<EndpointResponse> {
    return this.endpoint.handle(request, signal)
  }

  accepts({ method, url, headers }: EndpointRequest): boolean {
    const question = { method, host: this.run.host, run: runName(this.run), target: url }
    return this.signatures?.accepts(question, headers[SIGNATURE_HEADER]) === true
  }

  async close(): Promise<void> {
    this.closed = true
    clearInterval(this.timer)
    await this.listening
    await this.server?.close()
  }

  private async look(): Promise<void> {
    const { dir, server } = this
    if (dir === undefined || (await server?.isIn(dir)) === true || this.closed) return
    await this.listen(dir)
  }

  private async renew(): Promise<void> {
    await this.server?.close()
    this.server = undefined
    if (this.dir === undefined || this.closed) return
    this.server = await AskServer.listen(this.dir, this).catch(() => undefined)
  }
}
