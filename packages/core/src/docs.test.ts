import { createCipheriv, hkdfSync } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { timing } from './base/timing.js'
import { clusterKeys } from './key/index.js'
import { deriveSealKey, fold64, ipv4OfHost, isHopId, rebaseId, SEAL_INFO, sealId } from './id/index.js'
import type { HopId } from './id/index.js'
import { readContext } from './propagation/index.js'
import { Chain } from './resolve/chain.fixture.js'
import { LiveEndpoint } from './recorder/endpoint/live-endpoint.js'
import { cellOf, columns, lefts, outcomes } from './resolve/verdict/table.js'
import { SIGNATURE_HEADER, SignatureCheck } from './ask/sign.js'

const here = path.dirname(fileURLToPath(import.meta.url))
const docs = path.join(here, '../../../docs')
const page = (name: string): string => readFileSync(path.join(docs, name), 'utf8')

/** All sources of core but tests and fixtures, by path. */
const sources = new Map(
  readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.(test|fixture|arbitrary)\.ts$/.test(name))
    .map((name) => [name.replaceAll('\\', '/'), readFileSync(path.join(here, name), 'utf8')]),
)

/** Cells of the rows that follow a table's head. */
function tableBelow(text: string, head: string): string[][] {
  const lines = text.split('\n')
  const start = lines.indexOf(head)
  if (start < 0) throw new Error(`there is no table ${head}`)
  const rows: string[][] = []
  for (const line of lines.slice(start + 2)) {
    if (!line.startsWith('|')) break
    const cells = line.slice(1, -1).split('|')
    rows.push(cells.map((cell) => cell.trim()))
  }
  if (rows.length === 0) throw new Error(`the table ${head} is empty`)
  return rows
}

const plain = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '')
const codes = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string)
const clusterKey = 'a cluster key of some length'

describe('docs/wire-format.md', () => {
  const wire = page('wire-format.md')

  it('has the folds of its ids', () => {
    const rows = tableBelow(wire, '| id | fold64 |')
    expect(rows.map(([id]) => fold64(plain(id) as HopId))).toEqual(rows.map(([, fold]) => plain(fold)))
  })

  it('has the sealed forms of its ids, under the derivation that it names', () => {
    expect(wire).toContain(`info: "${SEAL_INFO}", 16 bytes`)
    const key = Buffer.from(hkdfSync('sha256', clusterKey, '', 'hoptrace seal v1', 16))
    for (const [id, sealed] of tableBelow(wire, '| id | sealed |')) {
      const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false)
      expect(cipher.update(plain(id), 'hex', 'hex')).toBe(plain(sealed))
      expect(sealId(deriveSealKey(clusterKey), plain(id) as HopId)).toBe(plain(sealed))
    }
  })

  it('has the fingerprint and the tags of its key', () => {
    const keys = clusterKeys(clusterKey, true)
    expect(wire).toContain(`has the fingerprint \`${keys.fingerprint}\``)
    for (const [of, tag] of tableBelow(wire, '| tag of | tag |')) {
      const [one = '', two = '', service, address] = codes(of ?? '') as HopId[]
      expect(plain(tag)).toBe(
        service === undefined
          ? keys.contextTag(one as HopId, two)
          : keys.answerTag(one as HopId, two as HopId, service, address ?? ''),
      )
    }
  })

  it('has a signature that the endpoint accepts', () => {
    expect(wire).toContain(`${SIGNATURE_HEADER}: <millis>.<nonce>.<mac>`)
    for (const [request, mac] of tableBelow(wire, '| method, host, run, target, millis, nonce | mac |')) {
      const [method = '', host = '', run = '', target = '', millis = '', nonce = ''] = codes(request ?? '')
      const check = new SignatureCheck(clusterKeys(clusterKey, true))
      const question = { method, host, run, target }
      const signature = `${millis}.${nonce}.${plain(mac)}`
      expect(check.accepts({ ...question, target: `${target}?` }, signature, Number(millis))).toBe(false)
      expect(check.accepts(question, signature, Number(millis))).toBe(true)
      expect(check.accepts(question, signature, Number(millis))).toBe(false)
    }
  })

  it('has the virtual address of its IPv6 host', () => {
    const [, host = '', address] = /`([0-9a-f:]+)` is `([\d.]+)`/.exec(wire) ?? []
    expect(ipv4OfHost(host)).toBe(address)
  })

  it('is right that a malformed tracestate keeps the trace, and that flags are recorded as they came', () => {
    const id = '1865f2a3b7c4d5e68a317f0000010fa2' as HopId
    const traceId = 'ab'.repeat(16)
    const traceparent = `00-${traceId}-${fold64(id)}-f3`
    const keys = clusterKeys(clusterKey, true)
    const rules = { trusted: true, nowNanos: BigInt(`0x${id.slice(0, 16)}`), keys }
    const member = `hoptrace=${id}-${keys.contextTag(id, traceId)}`
    expect(readContext({ traceparent, tracestate: `${member},a=1` }, rules)).toMatchObject({
      traceId,
      hopId: id,
      flags: 0xf3,
      tracestate: 'a=1',
    })
    expect(readContext({ traceparent, tracestate: `${member},=,a=1` }, rules)).toMatchObject({
      continued: true,
      traceId,
      hopId: undefined,
      parentSpan: fold64(id),
      tracestate: '',
      flags: 0xf3,
    })
    expect(readContext({ traceparent: 'x', tracestate: member }, rules).continued).toBe(false)
  })

  it('has the id that a callee takes at another address', () => {
    const [, assigned, taken, address] =
      /`([0-9a-f]{32})` is `([0-9a-f]{32})` on `([\d.:]+)`/.exec(wire) ?? []
    expect(rebaseId(assigned as HopId, address ?? '')).toBe(taken)
  })

  const questions = tableBelow(wire, '| question | parameters | answer |')

  it('names every question that the endpoint answers, and no other', async () => {
    await using chain = await Chain.of(['orders'])
    chain.healthy()
    const endpoint = new LiveEndpoint({
      own: chain.instance(0),
      progress: { progress: () => Promise.reject(new Error('asked')), follow: () => [] as never },
    })
    const status = async (question: string): Promise<number> => {
      const url = `/_hoptrace/v1/${question.replace('<id>', chain.traceId)}`
      return (await endpoint.handle({ method: 'GET', url, headers: {}, asker: '' })).status
    }
    const answers: Record<string, number> = {}
    for (const [question] of questions) {
      const name = plain(question).replace('GET ', '')
      answers[name] = await status(name)
    }
    expect(answers).toEqual({
      instance: 200,
      'hops/<id>': 200,
      keys: 400,
      range: 400,
      'progress/<id>': 500,
      metrics: 200,
    })
    const known = [...(sources.get('recorder/endpoint/live-endpoint.ts') ?? '').matchAll(/kind === '(\w+)'/g)]
    expect(new Set(known.map(([, kind]) => kind))).toEqual(
      new Set(Object.keys(answers).map((name) => name.replace('/<id>', ''))),
    )
  })

  it.each([
    ['hops/<id>', ['hop-route.ts']],
    ['keys', ['key-route.ts']],
    ['range', ['range-route.ts']],
    ['progress/<id>', ['progress-route.ts']],
  ])('names every parameter of %s, and no other', (question, files) => {
    const text = files.map((file) => sources.get(`recorder/endpoint/${file}`) ?? '').join('')
    const read = [...text.matchAll(/query\.(?:get|has)\('(\w+)'\)/g)].map(([, name]) => name)
    const row = questions.find(([name]) => plain(name) === `GET ${question}`)
    expect(read.length).toBeGreaterThan(0)
    expect(new Set(codes(row?.[1] ?? ''))).toEqual(new Set(read))
  })

  it('has ids that are ids', () => {
    const written = wire.match(/(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])/g) ?? []
    expect(written.length).toBeGreaterThan(4)
    expect(written.every(isHopId)).toBe(true)
  })
})

describe('docs/architecture.md', () => {
  it('shows the layers that the lint rule holds', async () => {
    const rules = (await import(path.join(here, '../../../.dependency-cruiser.mjs'))) as {
      layers: string[][]
    }
    const shown = tableBelow(page('architecture.md'), '| layer | folder of `packages/core/src` | subject |')
    const held = rules.layers.flatMap((folders, level) => folders.map((folder) => [String(level), folder]))
    expect(shown.map(([level, folder]) => [level, plain(folder)]).sort()).toEqual(held.sort())
  })

  const architecture = page('architecture.md')

  it('has the table by which calls are judged', () => {
    const head = `| | ${columns.map((column) => `\`${column}\``).join(' | ')} |`
    expect(tableBelow(architecture, head)).toEqual(
      lefts.map((left) => [`\`${left}\``, ...columns.map((column) => cellOf(column, left))]),
    )
    const explained = [...architecture.matchAll(/^\| `([a-z?-]+)` \| [^|`]/gm)].map(([, name]) => name)
    for (const name of [...columns, ...lefts]) expect(explained).toContain(name)
  })

  it('has the table of what a cell comes to', () => {
    const text = sources.get('resolve/verdict/table.ts') ?? ''
    const meanings = [...text.matchAll(/\/\*\* (.*) \*\/\n {2}'?([\w-]+)'?: \{ look: /g)]
    expect(tableBelow(architecture, '| cell | meaning | cause | fault without a cause |')).toEqual(
      Object.entries(outcomes).map(([cell, { look, fault }]) => [
        cell,
        meanings.find(([, , of]) => of === cell)?.[1],
        ...[look, fault].map((word) => (word === null ? '' : `\`${word}\``)),
      ]),
    )
    const cells = lefts.flatMap((left) => columns.map((column) => cellOf(column, left)))
    expect(new Set(cells)).toEqual(new Set(Object.keys(outcomes)))
  })

  it('names folders that exist', () => {
    for (const [folders] of tableBelow(architecture, '| elsewhere | subject |')) {
      const names = codes(folders ?? '')
      for (const name of names) {
        const full = name.includes('/') || names.length === 1 ? name : `packages/${name}`
        expect(existsSync(path.join(docs, '..', full)), full).toBe(true)
      }
    }
  })
})

describe('docs/timing.md', () => {
  it('has every time of the table, with its reason', () => {
    const text = sources.get('base/timing.ts') ?? ''
    const reasons = [...text.matchAll(/\/\*\* (.*) \*\/\n {2}(\w+): /g)]
    const lines = Object.entries(timing).map(([name, value]) => {
      const millis = typeof value === 'bigint' ? Number(value / 1_000_000n) : value
      const units = [
        [3_600_000, 'h'],
        [60_000, 'min'],
        [1000, 's'],
        [1, 'ms'],
      ] as const
      const [size, unit] =
        units.find(([one, word]) => millis >= one && (millis % one === 0 || word === 's')) ?? units[3]
      const reason = reasons.find(([, , of]) => of === name)?.[1]
      return `| \`${name.replace(/(?:Millis|Nanos)$/, '')}\` | ${millis / size} ${unit} | ${reason} |`
    })
    expect(
      page('timing.md')
        .split('\n')
        .filter((line) => line.startsWith('| `')),
    ).toEqual(lines)
  })
})

describe('docs/errors.md', () => {
  const [errors = '', warnings = ''] = page('errors.md').split('\n# Warnings\n')
  const headings = (text: string): string[] =>
    [...text.matchAll(/^## `(.*)`$/gm)].map(([, code]) => code as string)
  const declared = [...(sources.get('base/errors.ts') ?? '').matchAll(/\| '(HOPTRACE_\w+)'/g)].map(
    ([, code]) => code,
  )
  const all = [...sources.values()].join('\n')

  it('has a heading for every code, and no other', () => {
    expect(declared.length).toBeGreaterThan(5)
    expect(headings(errors)).toEqual(declared)
  })

  it('calls those codes reserved that are thrown nowhere', () => {
    const thrown = new Set([...all.matchAll(/HoptraceError\(\s*'(\w+)'/g)].map(([, code]) => code))
    const reserved = errors.split('\n## ').filter((section) => section.includes('\n\nReserved'))
    expect(reserved.map((section) => section.slice(1, section.indexOf('\n') - 1))).toEqual(
      declared.filter((code) => !thrown.has(code)),
    )
  })

  it('has a heading for every warning that is given, and no other', () => {
    const given = [...all.matchAll(/(?:[dD]iagnostics(?:\?\.)?\(|new Outage\(diagnostics,)\s*'(\w+)'/g)]
    expect(given.length).toBeGreaterThan(5)
    expect(new Set(headings(warnings))).toEqual(new Set(given.map(([, code]) => code)))
  })
})

describe('the documentation', () => {
  const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  )

  it.each(pages)('%s links only to what is there', (name) => {
    const text = page(name)
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const full = file === '' ? path.join(docs, name) : path.join(docs, path.dirname(name), file)
      expect(existsSync(full), `${name}: ${target}`).toBe(true)
      if (anchor === undefined) continue
      const anchors = [...readFileSync(full, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replace(/[^a-z0-9 _-]/g, '')
          .replaceAll(' ', '-'),
      )
      expect(anchors, `${name}: ${target}`).toContain(anchor)
    }
  })

  it.each(['write-an-adapter.md', 'write-a-store.md'])('%s shows examples as they are tested', (name) => {
    const shown = [...page(name).matchAll(/\]\((\.\.\/packages\/[^)]+)\):\n\n```ts\n(.*?)```/gs)]
    expect(shown.length).toBeGreaterThan(1)
    for (const [, file = '', code] of shown) expect(code).toBe(readFileSync(path.join(docs, file), 'utf8'))
  })

  it('has an index of all decisions', () => {
    const index = tableBelow(page('decisions/README.md'), '| | |').map(
      ([link]) => /\((.*)\)/.exec(link ?? '')?.[1],
    )
    expect(index).toEqual(
      pages
        .filter((name) => /^decisions\/\d/.test(name))
        .map((name) => path.basename(name))
        .sort(),
    )
  })
})
