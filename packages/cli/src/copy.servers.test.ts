import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createTracer } from '@hoptrace/core'
import { startServer, type RunningServer } from '@hoptrace/servers-dev'
import { describeRealServer } from '@hoptrace/servers-dev/suite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hoptrace } from './command.fixture.js'

interface Answer {
  readonly verdict: string
  readonly hops: readonly { readonly service: string; readonly source: string }[]
}

describeRealServer('mysql', 'hoptrace copy', () => {
  describeRealServer('redis', 'from one to the next', () => {
    let mysql: RunningServer
    let redis: RunningServer
    let root: string
    beforeAll(async () => {
      root = await mkdtemp(path.join(tmpdir(), 'hoptrace-copy-'))
      mysql = await startServer('mysql')
      redis = await startServer('redis')
    })
    afterAll(async () => {
      await mysql.wipe()
      await redis.wipe()
      await rm(root, { recursive: true, force: true })
    })

    it('takes records from a directory through MySQL and Redis to another directory, and each answers alike', async () => {
      const dir = path.join(root, 'first')
      for (const service of ['orders', 'payments']) {
        const tracer = createTracer({ service, dataDir: dir })
        for (let job = 0; job < 20; job++)
          tracer.run({ name: 'job' }, () => tracer.hop?.setKey('jobId', `${service}-${job}`))
        await tracer.close()
      }
      const key = (await readFile(path.join(dir, 'key'), 'utf8')).trim()
      const env = {
        HOPTRACE_KEY: key,
        HOPTRACE_DIR: path.join(root, 'nothing'),
        HOPTRACE_STORE_LOGINS: `${mysql.url} ${redis.url}`,
      }
      const places = [dir, mysql.publicUrl, redis.publicUrl, path.join(root, 'last')]
      for (const [i, to] of places.slice(1).entries()) {
        const { code, stdout, stderr } = await hoptrace(
          ['copy', '--from', places[i] as string, '--to', to, '--json'],
          env,
        )
        expect({ code, stderr, ...(JSON.parse(stdout) as object) }).toEqual({
          code: 0,
          stderr: '',
          copied: ['orders', 'payments'].map((service) => ({
            service,
            runs: 1,
            hops: 20,
            rows: expect.any(Number) as number,
          })),
          left: [],
          unread: [],
        })
        const where = to.includes('://') ? ['--store', to] : ['--dir', to]
        for (const service of ['orders', 'payments']) {
          const asked = await hoptrace(['resolve', `jobId=${service}-7`, ...where, '--json'], env)
          expect(JSON.parse(asked.stdout) as Answer).toMatchObject({
            verdict: 'completed',
            hops: [{ service, source: 'store' }],
          })
        }
      }
    })

    it('copies one service, and says what it could not read', async () => {
      const dir = path.join(root, 'broken')
      for (const service of ['orders', 'payments']) {
        const tracer = createTracer({ service, dataDir: dir })
        tracer.run({ name: 'job' }, () => undefined)
        await tracer.close()
      }
      const env = {
        HOPTRACE_KEY: (await readFile(path.join(dir, 'key'), 'utf8')).trim(),
        HOPTRACE_STORE_LOGINS: `${mysql.url} ${redis.url}`,
      }
      await rm(path.join(dir, 'stores', 'payments'), { recursive: true })
      const copy = (more: string[]) =>
        hoptrace(['copy', '--from', dir, '--to', `${redis.publicUrl.replace(/0$/, '1')}`, ...more], env)
      const one = await copy(['--service', 'orders'])
      expect({ code: one.code, stdout: one.stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^copied {2}orders: 1 hop of 1 run, \d+ rows? written\n$/) as string,
      })
      const all = await copy([])
      expect(all.code).toBe(3)
      expect(all.stdout).toMatch(/^left {4}level:.*payments: /m)
      // A run whose records are not there is not registered there.
      const listed = await hoptrace(
        [
          'instances',
          '--all',
          '--json',
          '--store',
          redis.publicUrl.replace(/0$/, '1'),
          '--dir',
          path.join(root, 'nothing'),
        ],
        env,
      )
      expect((JSON.parse(listed.stdout) as { service: string }[]).map(({ service }) => service)).toEqual([
        'orders',
      ])
    })

    it('refuses a place that is none, and a login on the command line', async () => {
      const to = ['--to', mysql.publicUrl]
      const none = await hoptrace(['copy', '--from', path.join(root, 'none'), ...to])
      expect(none).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('there is no data directory') as string,
      })
      const login = await hoptrace(['copy', '--from', mysql.url, ...to])
      expect(login.code).toBe(2)
      expect(login.stderr).not.toContain(new URL(mysql.url).password)
      const unsigned = await hoptrace(['copy', '--from', root, '--to', path.join(root, 'other')])
      expect(unsigned).toMatchObject({ code: 2, stderr: expect.stringContaining('HOPTRACE_KEY') as string })
    })
  })
})
