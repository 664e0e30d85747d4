type Method = (this: never, ...args: never[]) => unknown

const undos: (() => void)[] = []

/** Keeps what takes off a wrapper of an object that all of this process shares, such as a class of Node or of a framework. */
export function untilLastTracerCloses(undo: () => void): void {
  undos.push(undo)
}

/** The last tracer of the process has closed. */
export function takeOffWrappers(): void {
  for (const undo of undos.splice(0)) undo()
}

/**
 * Replaces a method of an object that all of this process shares, until the last tracer closes. Where another library has
 * replaced it since, it stays, and a later call finds it there. `original` gives the method that the object has without it.
 */
export function wrapShared<M extends Method>(
  owner: object,
  name: string,
  wrap: (original: () => M) => M,
): void {
  const names = shared.get(owner) ?? new Set()
  shared.set(owner, names)
  const methods = owner as Record<string, M>
  const before = methods[name]
  if (names.has(name) || before === undefined) return
  names.add(name)
  const inherited = !Object.hasOwn(owner, name)
  const parent = Object.getPrototypeOf(owner) as Record<string, M>
  const wrapper = wrap(inherited ? () => parent[name] as M : () => before)
  Object.defineProperty(wrapper, 'name', { value: before.name, configurable: true })
  Object.defineProperty(wrapper, 'length', { value: before.length, configurable: true })
  methods[name] = wrapper
  untilLastTracerCloses(() => {
    if (methods[name] !== wrapper) return
    names.delete(name)
    if (inherited) Reflect.deleteProperty(owner, name)
    else methods[name] = before
  })
}

/** The names of the methods that are replaced. */
const shared = new WeakMap<object, Set<string>>()
