import { describe, expect, it } from 'vitest'
import { driver } from './index.js'
import { locationOf } from './location.js'

describe('the URL of a Redis store', () => {
  it('names the key of a service, or of the registry', () => {
    expect(locationOf('redis://cache.example:6380/2#orders')).toMatchObject({
      host: 'cache.example',
      port: 6380,
      database: 2,
      key: 'hoptrace:orders',
    })
    expect(locationOf('redis+tls://10.0.0.7')).toMatchObject({ host: '10.0.0.7', tls: true })
    expect(locationOf('redis://[::1]')).toMatchObject({
      host: '::1',
      port: 6379,
      database: 0,
      key: 'hoptrace',
    })
  })

  it.each(['redis:/x', 'redis://', 'redis://h:99999', 'redis://h/x', 'redis://h/1/2', 'redis://h#{a}'])(
    'may not be %s',
    (url) => expect(() => driver.open(url)).toThrow(TypeError),
  )
})
