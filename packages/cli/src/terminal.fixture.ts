import { Writable } from 'node:stream'

/** A stream that keeps the text written to it, and claims to be a terminal or not. */
export function fakeStream(
  isTTY: boolean,
  columns = 40,
): {
  readonly stream: NodeJS.WriteStream
  readonly text: () => string
} {
  let text = ''
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  return {
    stream: Object.assign(stream, { isTTY, columns }) as unknown as NodeJS.WriteStream,
    text: () => text,
  }
}

/** What a person finally sees on a terminal: without overwritten or erased lines. */
export function seen(text: string): string {
  return text
    .split('\n')
    .map((line) => line.split('\r\u001b[2K').at(-1))
    .join('\n')
}
