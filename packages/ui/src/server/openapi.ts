/** The API of the page as OpenAPI 3.1. The shapes are those of the command's `--json`. */
const text = (name: string, description: string, required = false) => ({
  name,
  in: 'query',
  required,
  description,
  schema: { type: 'string' },
})
const number = (name: string, description: string, required = false) => ({
  ...text(name, description, required),
  schema: { type: 'integer', minimum: 1 },
})
const SUBJECT = text('of', 'An id of 32 hex digits, or a key such as `orderId=42`.', true)
const SPAN = [
  text('from', 'Milliseconds since the epoch, or an ISO time. Ten minutes before `to` by default.'),
  text('to', 'The same. Now by default.'),
]
const json = { 'application/json': { schema: { type: 'object' } } }
const lines = {
  'application/x-ndjson': {
    schema: {
      type: 'object',
      description: 'One object a line. The last has the kind `end`, or `error` if a part could not be read.',
    },
  },
}
const get = (summary: string, parameters: readonly object[], content: object) => ({
  get: {
    summary,
    parameters,
    responses: {
      200: { description: 'The answer.', content },
      400: { description: 'A parameter is wrong; `error.message` says which.', content: json },
      503: { description: 'A store or an instance is away.', content: json },
      504: { description: 'Not even the instances to ask were known in time.', content: json },
    },
  },
})

export const description = {
  openapi: '3.1.0',
  info: { title: 'hoptrace', version: '1', description: 'Where a request ended, and how far a flow got.' },
  paths: {
    '/api/resolve': get('The walk of a trace and its verdict.', [SUBJECT], json),
    '/api/walk': get(
      'The same, hop by hop as the walk finds them; the last step has the result.',
      [SUBJECT],
      lines,
    ),
    '/api/progress': get('One timeline of events, and what runs now.', [SUBJECT], json),
    '/api/follow': get('The same, live, until the flow has ended.', [SUBJECT], lines),
    '/api/find': get(
      'The traces of a key, newest first, each with its verdict as soon as it is known.',
      [text('key', 'A key such as `orderId=42`.', true), number('limit', 'At most so many traces: 50.')],
      lines,
    ),
    '/api/range': get(
      'The hops of a service in a span of time, oldest first, each with the verdict of its trace as soon as it is known.',
      [
        text('service', 'Its name.', true),
        ...SPAN,
        text('status', '`error`, `ok`, `open`, a class such as `5xx`, or a status such as `502`.'),
        text('route', 'The route template, exactly.'),
        text('key', 'A key such as `orderId=42`.'),
        number('minDurationMicros', 'Only hops of at least this duration.'),
        number('limit', 'At most so many hops: 500.'),
        text('after', 'Only hops after this id.'),
        text('summaries', '`no`: hops only, without the verdicts of their traces.'),
      ],
      lines,
    ),
    '/api/instances': get('The registered runs, and how far each has shipped.', [], json),
    '/api/map': get(
      'Which services call which, with counts, errors and percentiles.',
      [...SPAN, number('limit', 'Hops of one service that are counted: 5000.')],
      json,
    ),
  },
} as const
