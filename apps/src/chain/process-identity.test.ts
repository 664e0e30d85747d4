import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { identify, isAlive, signal } from './process-identity.js'

describe('the identity of a process', () => {
  it('is known while it lives and not afterwards', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' })
    const exited = once(child, 'exit')
    await once(child, 'spawn')
    const identity = identify(child.pid ?? 0)
    expect(identity && isAlive(identity)).toBe(true)
    expect(identity && signal(identity, 'SIGKILL')).toBe(true)
    await exited
    expect(identity && isAlive(identity)).toBe(false)
    expect(identify(child.pid ?? 0)).toBeUndefined()
  })

  it('is not that of another process with the same pid, which therefore gets no signal', () => {
    const stranger = { pid: process.pid, started: 'long ago' }
    expect(isAlive(stranger)).toBe(false)
    expect(signal(stranger, 'SIGKILL')).toBe(false)
  })
})
