import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** Where a program is that a test needs; undefined where it is not installed. */
export function toolPath(name: string): string | undefined {
  const dirs = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/sbin']
  return dirs.map((dir) => path.join(dir, name)).find(isExecutable)
}

/** Whether a program that a test needs is installed. */
export function hasTool(name: string): boolean {
  return toolPath(name) !== undefined
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
