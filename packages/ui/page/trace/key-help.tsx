const KEYS = [
  ['↑ ↓', 'the row above, the row below'],
  ['← →', 'collapse or go to the caller, expand or go to the first callee'],
  ['Enter', 'collapse or expand'],
  ['d', 'the place where the request ended'],
  ['e', 'the next error'],
  ['/', 'search in this trace; n: the next row that was found'],
  ['?', 'show or hide this list'],
] as const

/** The keys of the trace view. */
export function KeyHelp() {
  return (
    <dl class="help" aria-label="Keys">
      {KEYS.map(([key, what]) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  )
}
