import type { IncomingMessage } from 'node:http'

/** A request's body as JSON: at most 1 MB. Throws RangeError when it is longer and SyntaxError when it is no JSON. */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > 1e6) throw new RangeError('the body is longer than 1 MB')
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
}
