import { timing } from '../base/timing.js'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { HoptraceError } from '../base/errors.js'
import { textOf } from '../base/message.js'
import { LocalRecorder } from './local-recorder.js'
import { RequestThread } from '../ship/request-thread.js'
import { SharedState } from '../ship/shared-state.js'
import type { FromWorker, ToWorker, WorkerData } from './worker-protocol.js'

/** Runs a recorder in this thread for the thread that started it. */
function serve(port: MessagePort, { settings, runDir, again, memory }: WorkerData): void {
  const send = (message: FromWorker): void => port.postMessage(message)
  const shared = new SharedState(memory)
  const requests = new RequestThread(shared, send)
  const recorder = new LocalRecorder({
    settings,
    runDir,
    again,
    diagnostics: (code, message) => send({ type: 'warning', code, message }),
    sweep: () => requests.sweep(),
    counts: () => shared.counts(),
    blockedSince: () => requests.blockedSince(),
  })
  shared.shippingThreadTurns()
  const timer = setInterval(() => send({ type: 'stats', stats: recorder.stats() }), timing.statsMillis)

  const reply = (id: number, work: Promise<void>): void => {
    work.then(
      () => {
        send({ type: 'stats', stats: recorder.stats() })
        send({ type: 'done', id })
      },
      (error: unknown) => send({ type: 'done', id, error: describe(error) }),
    )
  }

  port.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'start':
        return recorder.start(message.run)
      case 'describe':
        return recorder.describe(message.run)
      case 'flush':
        return reply(message.id, recorder.flush())
      case 'turn':
        return shared.shippingThreadTurns()
      case 'relocated':
        return recorder.relocated(message.runDir)
      case 'swept':
        return requests.done(message.id)
      case 'close':
        clearInterval(timer)
        return reply(
          message.id,
          recorder.close().finally(() => setImmediate(() => endThread(port))),
        )
    }
  })
}

/** Deno's port has no `close`; a thread of Deno is a worker of the web, which ends itself. */
function endThread(port: Partial<MessagePort>): void {
  if (port.close !== undefined) port.close()
  else (globalThis as { close?: () => void }).close?.()
}

function describe(error: unknown): { code: string; message: string } {
  const message = textOf(error)
  return { code: error instanceof HoptraceError ? error.code : 'HOPTRACE_STORE_UNAVAILABLE', message }
}

if (parentPort !== null) serve(parentPort, workerData as WorkerData)
