import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { promisify } from 'node:util'
import { startHBase, type HBaseInstance } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { built } from '../../../dev/built.mjs'
import { createHBaseClient, hbaseErrorCodes } from './index.js'

const run = promisify(execFile)

/** Runs a program, as a user would; rejects when it fails or does not end. */
async function runProgram(source: string): Promise<string> {
  // The workspace's packages resolve from here, and no other tool looks for sources here.
  const file = path.join(path.dirname(built(new URL('index.ts', import.meta.url))), `.${randomUUID()}.mjs`)
  await writeFile(file, source)
  try {
    return (await run(process.execPath, [file], { timeout: 1_200_000 })).stdout
  } finally {
    await rm(file)
  }
}

describe('the README', () => {
  it('has a heading for every error code', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const headings = [...readme.matchAll(/^### ([A-Z_]+)$/gm)].map(([, code]) => code)
    expect(headings).toEqual([...hbaseErrorCodes])
  })
})

describeRealHBase('a program that uses the client', () => {
  let hbase: HBaseInstance
  beforeAll(async () => {
    hbase = await startHBase()
  })
  afterAll(() => hbase.stop())

  it('ends by itself without closing its client', async () => {
    const output = await runProgram(`
      import { built } from '../../../dev/built.mjs'
import { createHBaseClient } from '@hoptrace/hbase-client'
      const client = createHBaseClient({ servers: '${hbase.url}' })
      await client.table('absent').get('r').catch((error) => console.log(error.code))
    `)
    expect(output.trim()).toBe('TABLE_NOT_FOUND')
  })

  it('can be the example of the README', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const example = /```ts\n(import \{ createHBaseClient[\s\S]*?)```/.exec(readme)?.[1]
    await using client = createHBaseClient({ servers: hbase.url })
    const table = /name: '(\w+)'/.exec(example ?? '')?.[1] ?? ''
    if (await client.admin.tableExists(table)) {
      await client.admin.disableTable(table).catch(() => undefined)
      await client.admin.deleteTable(table)
    }
    try {
      const output = await runProgram((example ?? '').replace('hbase://127.0.0.1:16000', hbase.url))
      expect(output.trim().split('\n')).toEqual(['created', 'ada 1', 'bob'])
    } finally {
      await client.admin.disableTable(table)
      await client.admin.deleteTable(table)
    }
  })
})
