const undos: (() => void)[] = []

/** Keeps what takes off a wrapper of an object that all of this process shares, such as a class of Node or of a framework. */
export function untilLastTracerCloses(undo: () => void): void {
  undos.push(undo)
}

/** The last tracer of the process has closed. */
export function takeOffWrappers(): void {
  for (const undo of undos.splice(0)) undo()
}
