import { describe, expect, it } from 'vitest'
import { driverOfKind } from './drivers.js'
import { keepLogin, loginFor, withoutLogin } from './login.js'

describe('the login of a store', () => {
  it('is no part of the URL that rows and messages show', () => {
    expect(withoutLogin('tape://ann:p%40ss@a:1/x#orders')).toBe('tape://a:1/x#orders')
    expect(withoutLogin('tape://a:1/x')).toBe('tape://a:1/x')
    expect(withoutLogin('tape:/a@b')).toBe('tape:/a@b')
  })

  it('is used for each store on its server, and on no other', () => {
    keepLogin('tape://ann:p%40ss%2F@kept:1/x#orders')
    expect(loginFor('tape://kept:1/other')).toEqual({ user: 'ann', password: 'p@ss/' })
    expect(loginFor('tape://kept:2/x')).toBeUndefined()
    expect(loginFor('disk://kept:1/x')).toBeUndefined()
  })

  it('comes from the environment where no option gave it', () => {
    const env = { HOPTRACE_STORE_LOGINS: 'tape://ann:a@one:1  tape://:b@two:1/db' }
    expect(loginFor('tape://one:1/x', env)).toEqual({ user: 'ann', password: 'a' })
    expect(loginFor('tape://two:1', env)).toEqual({ user: '', password: 'b' })
    expect(loginFor('tape://three:1', env)).toBeUndefined()
  })

  it('is never in a message', () => {
    const urlOf = (url: string): unknown =>
      driverOfKind('tape')?.urlOf({ kind: 'tape', url }, { dataDir: '.', service: 'orders' }, 'store')
    for (const url of ['tape://ann:SECRET%@a:1', 'tape://ann:SECRET/x@a:1', 'tape://ann:SECRET@a:1?x=1']) {
      expect(() => urlOf(url)).toThrow(TypeError)
      expect(() => urlOf(url)).not.toThrow(/SECRET/)
    }
  })
})
