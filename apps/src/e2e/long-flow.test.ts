import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createResolver, createTracer, type ProgressResult } from '@hoptrace/core'
import { hoptrace } from '@hoptrace/express'
import express from 'express'
import { expect, it } from 'vitest'

it('a flow that is open for many windows is whole at any time, and runs until it ends', async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'hoptrace-long-'))
  const windowMillis = 100
  const tracer = createTracer({ service: 'import', dataDir, windowMillis, graceMillis: 0 })
  const progress = async (): Promise<ProgressResult> => {
    const resolver = createResolver({ dir: dataDir })
    try {
      return await resolver.progress('import=nightly')
    } finally {
      await resolver.close()
    }
  }
  const names: string[] = []
  const app = express().use(hoptrace(tracer))
  app.get('/other', (_req, res) => void res.end())
  app.get('/import', async (_req, res) => {
    const { hop } = tracer
    hop?.setKey('import', 'nightly')
    for (let step = 0; step < 12; step++) {
      names.push(`step.${step}`)
      hop?.event(`step.${step}`)
      await new Promise((resolve) => setTimeout(resolve, windowMillis))
      // The hops of others are shipped, and so is this hop's work so far.
      await (await fetch(`${url}/other`)).text()
      await tracer.flush()
      const now = await progress()
      expect(now).toMatchObject({ verdict: 'running', running: [{ service: 'import', hopId: hop?.id }] })
      expect(now.events.map(({ name }) => name)).toEqual(names)
    }
    res.end('done')
  })
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    expect(await (await fetch(`${url}/import`)).text()).toBe('done')
    server.close()
    server.closeAllConnections()
    await tracer.close()
    const after = await progress()
    expect(after).toMatchObject({ verdict: 'completed', running: [], lastEvent: { name: 'step.11' } })
    expect(after.events.map(({ name }) => name)).toEqual(names)
  } finally {
    server.close()
    server.closeAllConnections()
    await tracer.close()
    await rm(dataDir, { recursive: true, force: true })
  }
})
