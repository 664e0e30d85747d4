/**
 * Text out of a record made safe for a terminal: control characters (escape sequences would move the cursor or
 * set colours) become visible, and what is longer than `limit` is cut with an ellipsis.
 */
export function safeText(text: string, limit = 400): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text
  return cut.replace(
    CONTROL,
    (char) => ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** `a=1 b="two words"`: attributes and keys on one line, in the order in which they were recorded. */
export function formatPairs(pairs: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${safeText(name, 80)}=${formatValue(value)}`)
    .join(' ')
}

/** Width on the terminal of text without colours; good enough for the Latin and symbol characters that we print. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - Array.from(text).length))
}

function formatValue(value: string | number | boolean): string {
  const text = safeText(String(value), 120)
  return typeof value === 'string' && (text === '' || /[\s"=]/.test(text)) ? JSON.stringify(text) : text
}

// C0, DEL, C1, line separators and the marks that reverse the direction of text.
const CONTROL = new RegExp(
  '[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]',
  'g',
)
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
