// What a runtime cannot do, each with the tests that show it. A run counts these failures apart and gives the reason in docs/runtimes.md.
export const limits = [
  {
    runtimes: ['bun'],
    tests: /what it can ask for$/,
    reason:
      'Bun has no later point than `writeHead` at which a header can be added, so an application that asks for the headers of a response that it has begun sees `traceresponse` or `hoptrace` among them.',
  },
  {
    runtimes: ['bun'],
    tests: /before the last byte of the response is written$/,
    reason:
      'Bun writes past `socket.write`, on which this test has a spy. The test from outside, a caller in another thread that copies the log when it has the last byte, passes.',
  },
  {
    runtimes: ['bun'],
    tests: /headersSent that throws$/,
    reason:
      'Where `writeHead` is wrapped, Bun reads `headersSent` before it ends a response: an application that makes this property throw gets its error.',
  },
  {
    runtimes: ['bun'],
    tests: /records an upgrade/,
    reason:
      'Bun answers an upgrade past `socket.write` too: its hop closes when the socket does, without the status 101.',
  },
  {
    runtimes: ['bun'],
    tests: /packages\/fetch\/.*undici/,
    reason:
      "Bun puts a module of its own in the place of the package `undici`. It publishes nothing on undici's channels, so its `request` and `stream` are not recorded; `fetch` is.",
  },
  {
    runtimes: ['bun'],
    tests: /with the hop that an unhandled rejection interrupted$/,
    reason:
      'Bun has no event for an unhandled rejection that nobody handles (`uncaughtExceptionMonitor`), and gives the code 0 to `exit` then: the record says that the process exited without a code, not with which error.',
  },
  {
    runtimes: ['deno'],
    tests: /packages\/fetch\/.*(undici [567].*(\/broken-off|breaks off)|sees it: undici [57])/,
    reason:
      'On Deno, the body of a response that undici (the package) receives never ends if its connection breaks off: neither with hoptrace nor without. `fetch` of Deno itself does.',
  },
  {
    runtimes: ['deno'],
    tests: /packages\/fetch\/.*undici is recorded with each attempt of its retries$/,
    reason:
      'Deno calls the listeners of a socket (`readable`) without the asynchronous context in which it was made, so what a `RetryAgent` of undici sends again is outside of the hop.',
  },
  {
    runtimes: ['deno'],
    tests: /not made up where SIGSEGV ended it$/,
    reason: 'Deno does not end when another process sends it a SIGSEGV, so the test waits for nothing.',
  },
  {
    runtimes: ['deno'],
    tests: /because of res\.destroy\(error\)/,
    reason:
      'Deno does not keep the error that an application gave to `res.destroy` (`res.errored`), so the record of the aborted hop has none.',
  },
  {
    runtimes: ['deno'],
    tests: /packages\/koa\/.*(closes with the status of its handler|handler is through without an answer)/,
    reason:
      'Deno gives the socket of a caller that went away an error, which Koa takes for one of the handler: the record of the aborted hop names it.',
  },
]
