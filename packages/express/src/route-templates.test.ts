import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withNames } from './route-templates.js'

describe('a mounted path with its names put back', () => {
  it.each([
    ['/tenants/acme', { tenant: 'acme' }, '/tenants/:tenant'],
    ['/tenants/a%20b', { tenant: 'a b' }, '/tenants/:tenant'],
    ['/users/users', { id: 'users' }, '/users/:id'],
    ['/a/7/b/7', { x: '7', y: '7' }, '/a/:x/b/:y'],
    ['/v2/files', { version: '2' }, '/v:version/files'],
    ['/plain', {}, '/plain'],
    ['/bad%zz/x', { id: 'x' }, '/bad%zz/:id'],
    ['/optional', { id: undefined, empty: '' }, '/optional'],
    ['/cost/$&', { amount: '$&' }, '/cost/:amount'],
  ])('%s of %j is %s', (path, params, template) => {
    expect(withNames(path, params)).toBe(template)
  })

  it('holds no value of a parameter that fills a segment', () => {
    const value = fc.stringMatching(/^[A-Z]{3,10}$/)
    fc.assert(
      fc.property(fc.uniqueArray(value, { minLength: 1, maxLength: 4 }), (values) => {
        const params = Object.fromEntries(values.map((text, i) => [`p${i}`, text]))
        const path = values.map((text, i) => `/s${i}/${text}`).join('')
        expect(withNames(path, params)).toBe(values.map((_, i) => `/s${i}/:p${i}`).join(''))
      }),
    )
  })
})
