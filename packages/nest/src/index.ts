export { HoptraceModule, type HoptraceAsyncOptions } from './module.js'
export { InjectTracer, TRACER } from './tracer.js'
