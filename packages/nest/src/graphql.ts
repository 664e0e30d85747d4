import type { Hop, Tracer } from '@hoptrace/core'
import type { ExternalContextCreator } from '@nestjs/core'

type Resolve = (...args: unknown[]) => unknown
type Create = ExternalContextCreator['create']

/** What graphql-js gives a resolver as its last argument, in the parts that we use. */
interface ResolveInfo {
  readonly operation?: { readonly operation?: unknown; readonly name?: { readonly value?: unknown } }
}

/** The place of `contextType` among the parameters of `create`. */
const CONTEXT_TYPE = 8

/**
 * Shows hops the GraphQL operations of their requests, and the errors of resolvers: `@nestjs/graphql` makes each resolver by
 * `creator`, whichever driver runs it. GraphQL answers these errors with status 200.
 */
export function observeGraphql(tracer: Tracer, creator: ExternalContextCreator): void {
  const create = creator.create.bind(creator) as (...given: unknown[]) => Resolve
  const observed = (...given: unknown[]): Resolve => {
    const resolve = create(...given)
    return given[CONTEXT_TYPE] === 'graphql' ? observe(tracer, resolve) : resolve
  }
  creator.create = observed as Create
}

/** A hop whose operation is known. The resolvers of a request run one after the other. */
const known = new WeakSet<Hop>()

function observe(tracer: Tracer, resolve: Resolve): Resolve {
  return (...args) => {
    const { hop } = tracer
    if (hop === undefined) return resolve(...args)
    if (!known.has(hop)) {
      known.add(hop)
      nameOperation(hop, args[3] as ResolveInfo | undefined)
    }
    const resolved = resolve(...args)
    if (!(resolved instanceof Promise)) return resolved
    resolved.then(
      // A filter that answers returns the error.
      (value) => void (value instanceof Error && hop.fail(value)),
      (error: unknown) => hop.fail(error),
    )
    return resolved
  }
}

function nameOperation(hop: Hop, info: ResolveInfo | undefined): void {
  const type = info?.operation?.operation
  const name = info?.operation?.name?.value
  hop.setAttributes({
    ...(typeof type === 'string' ? { 'graphql.operation.type': type } : {}),
    ...(typeof name === 'string' ? { 'graphql.operation.name': name } : {}),
  })
}
