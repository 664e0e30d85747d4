export { start, tracer } from './hook.js'
