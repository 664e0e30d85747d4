import { defaultDir } from './default-dir.js'
import { RunningServer, startServer } from './index.js'

// npm run mysql -- start, npm run redis -- stop, npm run kafka -- wipe
const [kind = '', command = ''] = process.argv.slice(2)
if (
  (kind !== 'mysql' && kind !== 'redis' && kind !== 'kafka') ||
  !/^(start|stop|kill9|wipe)$/.test(command)
) {
  console.error('npm run mysql -- start|stop|kill9|wipe, and the same for redis and kafka')
  process.exit(2)
}
const dir = defaultDir(kind)
if (command === 'start') console.log((await startServer(kind, { dir, stays: true })).url)
else await new RunningServer(kind, dir, { stays: true })[command as 'stop' | 'kill9' | 'wipe']()
