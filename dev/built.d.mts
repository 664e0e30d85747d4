/** Path of the JavaScript of one of the workspace's modules. Takes its source, or the JavaScript itself. */
export function built(source: string | URL): string

/** Brings the JavaScript up to date with the sources; reads nothing but times where nothing has changed. */
export function build(): Promise<void>
