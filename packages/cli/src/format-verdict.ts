import type { Answer, HopPlace, HopView, VerdictName } from './answer.js'
import { explainAddresses } from './format-address.js'
import { formatDuration, partialSentence } from '@hoptrace/ui/model'
import { count, formatBytes } from './format-units.js'
import { safeText } from './format-text.js'
import { plain, type Paint } from './paint.js'

/**
 * The verdict in one plain sentence: `died in inventory (127.0.0.1:4003), last healthy: payments
 * (127.0.0.1:4002)`.
 */
export function verdictSentence(
  answer: Pick<Answer, 'verdict' | 'endedAt' | 'lastHealthy' | 'hops'>,
): string {
  const healthy = answer.lastHealthy ? `, last healthy: ${place(answer.lastHealthy)}` : ''
  const where = answer.endedAt ? place(answer.endedAt) : undefined
  const hop = answer.hops.find((candidate) => candidate.hopId === answer.endedAt?.hopId)
  switch (answer.verdict) {
    case 'completed':
      return `completed: ${count(answer.hops.length, 'hop')}${took(answer.hops[0])}`
    case 'failed':
      return `failed in ${where ?? 'an unknown service'}${reason(hop)}${healthy}`
    case 'died':
      return `died in ${where ?? 'an unknown service'}${healthy}`
    case 'unreachable':
      return `unreachable: the request did not reach ${where ?? 'the next service'}${healthy}`
    case 'running':
      return `running${where ? ` in ${where}` : ''}${healthy}`
    case 'interrupted':
      return `interrupted in ${where ?? 'an unknown service'}: its process ended before it answered${healthy}`
    case 'undetermined':
      return `undetermined${where ? `: the outcome in ${where} is unknown` : ''}${healthy}`
    case 'not-found':
      return 'not found: no instance and no store knows the request'
  }
}

/** The lines below a walk: verdict, evidence, and cost. */
export function formatVerdict(answer: Answer, paint: Paint = plain): string[] {
  const [head, ...rest] = [verdictSentence(answer), ...answer.evidence.map((text) => safeText(text))]
  const { instances, scans, bytes } = answer.reads
  const asked = `${count(instances, 'instance')} asked, ${count(scans, 'scan')}, ${formatBytes(bytes)}`
  return [
    `${paint.faint('verdict ')}  ${paintVerdict(answer.verdict, paint)(paint.strong(safeText(head ?? '')))}`,
    ...rest.map((text, index) => `${paint.faint(index === 0 ? 'evidence' : '        ')}  ${text}`),
    ...handledFaults(answer, paint),
    ...(answer.partial ? [paint.waiting(`partial   ${partialSentence(answer.partialBecause ?? [])}`)] : []),
    ...explainAddresses(
      answer.hops.map(({ instance }) => instance),
      paint,
    ).map((line) => `          ${line}`),
    paint.faint(`reads     ${asked}, in ${formatDuration(answer.elapsedMillis * 1000)}`),
  ]
}

function handledFaults(answer: Answer, paint: Paint): string[] {
  const handled = (answer.faults ?? []).filter((fault) => fault.handled).slice(0, 10)
  return handled.map((fault) => {
    const what = `${FAULTS[fault.verdict] ?? fault.verdict} ${place(fault)}; its caller continued`
    return `${paint.faint('handled ')}  ${paint.waiting(what)}`
  })
}

const FAULTS: Readonly<Partial<Record<VerdictName, string>>> = {
  failed: 'failed in',
  died: 'died in',
  unreachable: 'did not reach',
  interrupted: 'interrupted in',
  undetermined: 'unknown outcome in',
}

/** `inventory (127.0.0.1:4003)`, or the address alone if the service is unknown. */
export function place(at: HopPlace): string {
  // If no row names the service, the address may be in its place.
  return at.service && at.service !== at.instance
    ? `${safeText(at.service, 64)} (${safeText(at.instance, 64)})`
    : safeText(at.instance, 64)
}

/** Green for success, yellow for running or unknown, red for failure. */
export function paintVerdict(verdict: VerdictName, paint: Paint): (text: string) => string {
  if (verdict === 'completed') return (text) => paint.good(text)
  if (verdict === 'running' || verdict === 'undetermined' || verdict === 'not-found') {
    return (text) => paint.waiting(text)
  }
  return (text) => paint.bad(text)
}

function took(entry: HopView | undefined): string {
  if (!entry || entry.durationMicros === null) return ''
  const status = entry.status === null ? '' : `, answered ${entry.status}`
  return `${status} in ${formatDuration(entry.durationMicros)}`
}

function reason(hop: HopView | undefined): string {
  if (hop?.error) return `: ${safeText(hop.error.name, 80)}: ${safeText(hop.error.message, 160)}`
  return hop?.status === null || hop?.status === undefined ? '' : ` with ${hop.status}`
}
