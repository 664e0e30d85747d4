import { start } from '@hoptrace/node'

start()
