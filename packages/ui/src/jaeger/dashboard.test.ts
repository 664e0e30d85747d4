import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (place: string): string =>
  readFileSync(new URL(`../../../../docs/${place}`, import.meta.url), 'utf8')

it('has a dashboard whose counters are those that a run answers', () => {
  const { panels } = JSON.parse(read('grafana/hoptrace.json')) as {
    panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[]
  }
  const named = new Set(
    panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/hoptrace_\w+/g) ?? [])),
  )
  const documented = new Set(
    read('operations.md')
      .match(/`hoptrace_\w+`/g)
      ?.map((name) => name.replaceAll('`', '')),
  )
  expect([...named].sort()).toEqual([...documented].sort())
})
