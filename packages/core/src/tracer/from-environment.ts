import { processDiagnostics } from '../base/diagnostics.js'
import { messageOf } from '../base/message.js'
import { namingVariable, optionsOfEnvironment } from '../settings/environment.js'
import type { TracerOptions } from '../settings/options.js'
import { createTracer, type Tracer } from './tracer.js'

/**
 * The tracer that the variables of the environment describe. Undefined where one of them cannot be used: a warning names it, and
 * the application runs untraced. Never throws.
 */
export function tracerOfEnvironment(): Tracer | undefined {
  try {
    return createTracer(optionsOfEnvironment() as TracerOptions)
  } catch (error) {
    processDiagnostics(
      'HOPTRACE_UNTRACED',
      `this process is not traced. ${namingVariable(messageOf(error))}. All variables: hoptrace env`,
    )
    return undefined
  }
}
