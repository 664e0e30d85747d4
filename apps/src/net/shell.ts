import { spawn } from 'node:child_process'

/** Runs a command to its end and resolves to its standard output. Rejects with what it wrote when it ends with another code than 0. */
export function run(command: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output)
      reject(new Error(`${[command, ...args].join(' ')} ended with ${code ?? signal}: ${errors || output}`))
    })
    child.stdin.on('error', () => undefined).end(input)
  })
}
