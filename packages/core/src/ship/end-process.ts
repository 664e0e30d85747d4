/**
 * Ends this process at once, even if one of its threads is stuck in the kernel and cannot be joined. Keeps
 * the exit code if Node can replace the process; otherwise uses SIGKILL.
 */
export function endProcess(code: number): void {
  const { execve } = process as { execve?: (file: string, args: string[]) => never }
  try {
    if (process.platform !== 'win32') execve?.call(process, '/bin/sh', ['sh', '-c', `exit ${code & 0xff}`])
  } catch {
    // There is no shell.
  }
  process.kill(process.pid, 'SIGKILL')
}
