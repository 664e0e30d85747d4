import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createStatusLine } from './status-line.js'
import { fakeStream, seen } from './terminal.fixture.js'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('the status line', () => {
  it('shows nothing during the first 300 ms', () => {
    const { stream, text } = fakeStream(true)
    const status = createStatusLine(stream)
    status.show('1 hop')
    vi.advanceTimersByTime(299)
    status.show('2 hops')
    status.end()
    vi.advanceTimersByTime(1000)
    expect(text()).toBe('')
  })

  it('shows only the newest text on one line, and is erased in the end', () => {
    const { stream, text } = fakeStream(true)
    const status = createStatusLine(stream)
    status.show('1 hop')
    status.show('2 hops')
    vi.advanceTimersByTime(300)
    expect(seen(text())).toBe('2 hops')
    for (let hops = 3; hops < 1000; hops++) status.show(`${hops} hops`)
    vi.advanceTimersByTime(100)
    expect(seen(text())).toBe('999 hops')
    expect(text()).not.toContain('\n')
    expect(text().length).toBeLessThan(100)
    status.end()
    status.show('too late')
    vi.advanceTimersByTime(1000)
    expect(seen(text())).toBe('')
  })

  it('makes room for permanent lines', () => {
    const { stream, text } = fakeStream(true)
    const status = createStatusLine(stream)
    status.show('1 hop')
    vi.advanceTimersByTime(300)
    status.hide()
    stream.write('warning\n')
    status.show('2 hops')
    vi.advanceTimersByTime(100)
    expect(seen(text())).toBe('warning\n2 hops')
    status.end()
    expect(seen(text())).toBe('warning\n')
  })

  it('never wraps and never prints control characters', () => {
    const { stream, text } = fakeStream(true)
    const status = createStatusLine(stream)
    status.show(`now \u001b[31m${'宽'.repeat(100)}`)
    vi.advanceTimersByTime(300)
    expect(seen(text())).toMatch(/^[ -~]{1,39}$/)
    status.end()
  })
})
