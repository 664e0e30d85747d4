// Files of the heavy tests share a process. What one of them puts into its environment, such as a cluster key that its services
// inherit, must not reach the next.
const first = (globalThis.hoptraceFirstEnvironment ??= { ...process.env })
for (const name of Object.keys(process.env))
  if (name.startsWith('HOPTRACE_') && !(name in first)) delete process.env[name]
