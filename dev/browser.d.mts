import type { Browser } from 'playwright-core'

/** The browser of this machine; undefined where there is none. */
export const browserPath: string | undefined

/** What to do where there is none. */
export const noBrowser: string

/** Starts the browser without a window. Throws where there is none. */
export function startBrowser(): Promise<Browser>

/** The page as its sources make it now, in a new folder. */
export function builtPage(): Promise<string>
