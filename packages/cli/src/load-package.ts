import { UsageError } from './usage-error.js'

/** Of an `import` and of the `require` that a bundle makes of it. */
const missing = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']

/** Loads a package that only one command needs. Throws `UsageError`, which says what to install, if it is not there. */
export async function loadPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const { code = '', message = '' } = error as NodeJS.ErrnoException
    if (!missing.includes(code) || !message.includes(name)) throw error
    throw new UsageError(`the package ${name} is not installed`, `npm install ${name}`)
  }
}
