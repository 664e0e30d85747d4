// Where the sources run without a build, a worker thread has to be taught TypeScript as its process was.
import { register } from 'tsx/esm/api'

register()
await import('./worker.ts')
