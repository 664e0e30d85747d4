import { readdirSync, readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import { jarsDir, startHBase } from '@hoptrace/hbase-dev'
import { describeRealHBase } from '@hoptrace/hbase-dev/suite'
import { beforeAll, expect, it } from 'vitest'
import * as proto from './hbase.js'
import type { Field, Message } from './message.js'

const lib = `${jarsDir()}/`

/** The definitions in HBase's own jar, all files as one text without comments. */
function publishedDefinitions(): string {
  const name = readdirSync(lib).find((file) => /^hbase-protocol-shaded-.*\.jar$/.test(file))
  const jar = readFileSync(`${lib}${name}`)
  const texts: string[] = []
  const end = jar.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  let at = jar.readUInt32LE(end + 16)
  for (let left = jar.readUInt16LE(end + 10); left > 0; left--) {
    const [size, nameLength] = [jar.readUInt32LE(at + 20), jar.readUInt16LE(at + 28)]
    const [method, local] = [jar.readUInt16LE(at + 10), jar.readUInt32LE(at + 42)]
    if (jar.toString('latin1', at + 46, at + 46 + nameLength).endsWith('.proto')) {
      const data = local + 30 + jar.readUInt16LE(local + 26) + jar.readUInt16LE(local + 28)
      const bytes = jar.subarray(data, data + size)
      texts.push((method === 8 ? inflateRawSync(bytes) : bytes).toString())
    }
    at += 46 + nameLength + jar.readUInt16LE(at + 30) + jar.readUInt16LE(at + 32)
  }
  return texts.join('\n').replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, '')
}

/** The text between the braces of `<what> <name> {`. */
function blockOf(definitions: string, what: 'message' | 'enum', name: string): string {
  const start = definitions.search(new RegExp(`\\b${what} ${name} *\\{`))
  if (start < 0) throw new Error(`HBase has no ${what} ${name}`)
  let depth = 0
  for (let at = definitions.indexOf('{', start); at < definitions.length; at++) {
    if (definitions[at] === '{') depth++
    else if (definitions[at] === '}' && --depth === 0)
      return definitions.slice(definitions.indexOf('{', start) + 1, at)
  }
  throw new Error(`HBase's ${what} ${name} has no end`)
}

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

/** The fields of a message by number: `repeated bytes splitKeys`. Fields of nested messages are left out. */
function publishedFields(definitions: string, name: string): Map<number, string> {
  let body = blockOf(definitions, 'message', name)
  for (let inner = /\b(?:message|enum) \w+ *\{[^{}]*\}/.exec(body); inner !== null;) {
    body = body.replace(inner[0], '')
    inner = /\b(?:message|enum) \w+ *\{[^{}]*\}/.exec(body)
  }
  const fields = body.matchAll(/\b(optional|required|repeated) ([\w.]+) (\w+) *= *(\d+)/g)
  return new Map(
    [...fields].map(([, label = '', type = '', field = '', number]) => [
      Number(number),
      `${label === 'repeated' ? 'repeated ' : ''}${type} ${camel(field)}`,
    ]),
  )
}

/** HBase's names for the type of a field; an enum is a number here. */
function accepted(
  { kind, message, repeated }: Field<unknown>,
  name: string,
  enums: ReadonlySet<string>,
): string[] {
  const types = kind === 'message' ? [message?.name ?? ''] : kind === 'int32' ? ['int32', ...enums] : [kind]
  return types.map((type) => `${repeated ? 'repeated ' : ''}${type} ${name}`)
}

const messages = Object.values(proto).filter(
  (value): value is Message => typeof value === 'object' && 'fields' in value,
)

describeRealHBase("the messages, compared with the definitions in HBase's own jar", () => {
  let definitions: string
  beforeAll(async () => {
    // Starting HBase downloads the jar.
    const hbase = await startHBase()
    await hbase.stop()
    definitions = publishedDefinitions()
  })

  it('have the published names, numbers and types', () => {
    expect(messages.length).toBeGreaterThan(50)
    const enums = new Set([...definitions.matchAll(/\benum (\w+)/g)].map(([, name = '']) => name))
    for (const { name, fields } of messages) {
      const published = publishedFields(definitions, name)
      for (const [field, described] of Object.entries(fields)) {
        expect(accepted(described, field, enums), `${name}.${field}`).toContain(
          published.get(described.number),
        )
      }
    }
  })

  it('have the published numbers of enums', () => {
    const enums = {
      RegionSpecifierType: proto.RegionSpecifierType,
      MutationType: proto.MutationType,
      ReadType: proto.ScanReadType,
    }
    for (const [name, values] of Object.entries(enums)) {
      const published = [...blockOf(definitions, 'enum', name).matchAll(/(\w+) *= *(\d+)/g)]
      expect(Object.fromEntries(published.map(([, key, number]) => [key, Number(number)]))).toEqual(values)
    }
    const within = {
      FilterList: proto.FilterOperator,
      TableState: proto.TableStateValue,
      GetProcedureResultResponse: proto.ProcedureState,
    }
    for (const [name, values] of Object.entries(within)) {
      const block = /enum \w+ *\{([^}]*)\}/.exec(blockOf(definitions, 'message', name))?.[1] ?? ''
      const published = [...block.matchAll(/(\w+) *= *(\d+)/g)]
      expect(Object.fromEntries(published.map(([, key, number]) => [key, Number(number)]))).toEqual(values)
    }
  })
})
