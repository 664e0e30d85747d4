import { ensureDataDirKey } from './data-dir-key.js'

process.send?.(ensureDataDirKey(process.argv[2] as string), () => process.disconnect())
