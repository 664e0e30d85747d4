import { describe, expect, it } from 'vitest'
import express4 from 'express4'
import { mountPattern } from './mount-pattern.js'

/** The layer that Express 4 makes of a path. */
function layerOf(path: string | RegExp | (string | RegExp)[]) {
  const { stack } = express4.Router().use(path, () => undefined) as unknown as { stack: object[] }
  return stack[0] as { regexp: RegExp }
}

describe('the pattern of a mount', () => {
  it.each(['/tenants', '/a.b/c-d', '/tenants/:tenant', '/:a/x/:b', '/star/*', '/ä'])(
    'is the path given to Express 4, or its source: %s',
    (path) => {
      const text = mountPattern(layerOf(path))
      expect([path, String(layerOf(path).regexp)]).toContain(text)
      if (!path.includes('ä')) expect(text).toBe(path)
    },
  )

  it('is the source of a pattern, and of anything but a plain path', () => {
    expect(mountPattern(layerOf(/^\/rn\/[^/]+/))).toBe(String(/^\/rn\/[^/]+/))
    for (const path of ['/a/:b?', '/a/:b(\\d+)', ['/a', '/b']]) {
      expect(mountPattern(layerOf(path))).toBe(String(layerOf(path).regexp))
    }
  })

  it('is the path that Express 5 keeps', () => {
    expect(mountPattern({ rawPath: '/tenants/:tenant/' })).toBe('/tenants/:tenant')
    expect(mountPattern({ rawPath: ['/a', /^\/b/] })).toBe(`/a|${String(/^\/b/)}`)
  })

  it('is undefined if a version keeps none', () => {
    expect(mountPattern({})).toBeUndefined()
  })
})
