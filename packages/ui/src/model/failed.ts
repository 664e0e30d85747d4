import type { CallJson, HopJson } from '@hoptrace/core'

/** Whether a hop failed: an error, an answer from 500, or a process that ended first. */
export function isFailedHop({ error, state, status }: Pick<HopJson, 'error' | 'state' | 'status'>): boolean {
  return error !== null || state === 'interrupted' || (status ?? 0) >= 500
}

/** Whether a call ended without an answer below 500. One that has not ended did not fail. */
export function isFailedCall({ outcome }: Pick<CallJson, 'outcome'>): boolean {
  return outcome !== null && !/^[1-4]\d\d$/.test(outcome)
}
