import { spawn } from 'node:child_process'
import { expect, it } from 'vitest'
import { built } from '../../../dev/built.mjs'
import type { Tally } from '../faults/tally.js'
import { TOPOLOGIES } from '../faults/topologies.js'
import { describeNetwork } from './describe-network.js'

describeNetwork('faults over all topologies, one small run each', () => {
  it('lead to no false verdict, and lose no finished hop', { timeout: 1_500_000 }, async () => {
    const { seed: _, ...report } = await faults(
      '--topology',
      'all',
      '--store',
      'level',
      '--runs',
      String(TOPOLOGIES.length),
      '--requests',
      '60',
      '--seed',
      '3',
    )
    expect(report.bad).toEqual([])
    expect(report.wrong).toBe(0)
    const rows = report.tallies.filter(({ fault }) => fault !== 'all')
    expect(rows.map(({ fault, runs }) => [fault, runs])).toEqual(TOPOLOGIES.map((name) => [name, 1]))
    for (const row of rows) {
      expect([row.fault, row.lost]).toEqual([row.fault, 0])
      // Before all is shipped, a host that is away or stopped may leave every answer open.
      expect(row.times.shipped.right, row.fault).toBeGreaterThan(0)
    }
  })
})

interface Report {
  readonly seed: number
  readonly wrong: number
  readonly bad: readonly string[]
  readonly tallies: readonly Tally[]
}

function faults(...args: readonly string[]): Promise<Report> {
  const main = built(new URL('../faults/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      try {
        resolve(JSON.parse(output) as Report)
      } catch (error) {
        reject(new Error(`faults ${args.join(' ')} printed no report: ${output}`, { cause: error }))
      }
    })
  })
}
