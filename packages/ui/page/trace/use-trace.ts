import type { ResolveResult, WalkStep } from '@hoptrace/core'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { askForLines } from '../api.js'

/** Between two questions about a trace that still runs. */
const AGAIN_MILLIS = 1000

/**
 * A trace: hop by hop as the walk finds them, then the answer; asked again while it runs. A walk that fails leaves the hops that it found,
 * or the answer of the walk before it.
 */
export function useTrace(of: string): {
  readonly result: ResolveResult | undefined
  readonly isReading: boolean
  readonly error: Error | undefined
  readonly again: () => void
} {
  const [result, setResult] = useState<ResolveResult>()
  const [isReading, setReading] = useState(true)
  const [error, setError] = useState<Error>()
  const [times, setTimes] = useState(0)
  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let isRunning = false
    const ask = async (isFirst: boolean): Promise<void> => {
      setReading(true)
      const hops: ResolveResult['hops'][number][] = []
      try {
        for await (const step of askForLines<WalkStep>('walk', { of }, abort.signal)) {
          if (step.kind === 'result') {
            setResult(step.result)
            setError(undefined)
            isRunning = step.result.verdict === 'running'
          } else {
            hops.push(step.hop)
            if (isFirst && hops.length % 50 === 1) setResult(soFar(hops, 'running'))
          }
        }
      } catch (cause) {
        if (!abort.signal.aborted) {
          setError(cause as Error)
          if (isFirst && hops.length > 0) setResult(soFar(hops, 'undetermined'))
        }
      }
      if (abort.signal.aborted) return
      setReading(false)
      if (isRunning) timer = setTimeout(() => void ask(false), AGAIN_MILLIS)
    }
    void ask(times === 0)
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [of, times])
  return { result, isReading, error, again: useCallback(() => setTimes((before) => before + 1), []) }
}

/** What is known of a walk that still runs, or that was cut. */
function soFar(found: ResolveResult['hops'], verdict: 'running' | 'undetermined'): ResolveResult {
  const isCut = verdict === 'undetermined'
  return {
    traceId: found[0]?.traceId ?? '',
    verdict,
    endedAt: null,
    lastHealthy: null,
    hops: inOrder(found),
    evidence: [isCut ? 'The walk was cut; it had found these hops.' : 'The walk has not ended yet.'],
    faults: [],
    partial: true,
    partialBecause: [],
    reads: { instances: 0, scans: 0, bytes: 0 },
    elapsedMillis: 0,
  }
}

/** A walk finds hops level by level; a tree shows each before what it called. */
function inOrder(hops: ResolveResult['hops']): ResolveResult['hops'] {
  const below = new Map<string | null, ResolveResult['hops'][number][]>()
  for (const hop of hops) {
    const siblings = below.get(hop.calledBy)
    if (siblings === undefined) below.set(hop.calledBy, [hop])
    else siblings.push(hop)
  }
  const ordered: ResolveResult['hops'][number][] = []
  const stack = (below.get(null) ?? []).toReversed()
  for (let hop = stack.pop(); hop !== undefined && ordered.length <= hops.length; hop = stack.pop()) {
    ordered.push(hop)
    stack.push(...(below.get(hop.hopId) ?? []).toReversed())
  }
  return ordered
}
