import { readFileSync } from 'node:fs'

let boot: string | undefined

/** Names the boot of this machine, the same in all its containers; '' if it is unknown. */
export function bootId(): string {
  boot ??= readBootId()
  return boot
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim().slice(0, 64)
  } catch {
    return ''
  }
}
