import { describe, expect, it } from 'vitest'
import { driver } from './index.js'
import { locationOf } from './location.js'

describe('the URL of a MySQL store', () => {
  it('names the table of a service, or of the registry', () => {
    expect(locationOf('mysql://db.example:3307/traces#orders')).toMatchObject({
      host: 'db.example',
      port: 3307,
      database: 'traces',
      table: 'hoptrace.orders',
    })
    expect(locationOf('mysql+tls://db.example/traces')).toMatchObject({ host: 'db.example', tls: true })
    expect(locationOf('mysql://[::1]/traces')).toMatchObject({ host: '::1', port: 3306, table: 'hoptrace' })
  })

  it('names different tables of 64 characters at most for long names of services', () => {
    const tables = ['a', 'b'].map((end) => locationOf(`mysql://h/d#${'x'.repeat(63)}${end}`).table)
    expect(new Set(tables).size).toBe(2)
    for (const table of tables) expect(table).toHaveLength(64)
  })

  it.each([
    'mysql+tls://10.0.0.7/d',
    'mysql+ssl://h/d',
    'mysql:/x',
    'mysql://h',
    'mysql://h/',
    'mysql://h:99999/d',
    'mysql://h/d/e',
    'mysql://h/d#`',
    'mysql://h/d`x',
  ])('may not be %s', (url) => expect(() => driver.open(url)).toThrow(TypeError))
})
