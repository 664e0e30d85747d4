/**
 * Makes text of a record safe for a terminal. Control and format characters (escape sequences move the cursor
 * or set colours, others reverse or hide text) become visible. Text longer than `limit` is cut with an
 * ellipsis.
 */
export function safeText(text: string, limit = 400): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text
  return cut.replace(CONTROL, (char) => ESCAPES[char] ?? escaped(char))
}

/** The same JSON text, with escapes instead of characters that control a terminal. */
export function safeJson(json: string): string {
  return json.replace(CONTROL_IN_JSON, escaped)
}

/** `\u` and four digits for each UTF-16 unit. */
function escaped(char: string): string {
  return Array.from(
    { length: char.length },
    (_, index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('')
}

/** `a=1 b="two words"`: attributes and keys on one line, in recorded order. */
export function formatPairs(pairs: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${safeText(name, 80)}=${formatValue(value)}`)
    .join(' ')
}

/**
 * Width on the terminal of text without colours; precise enough for the Latin and symbol characters that we
 * print.
 */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - Array.from(text).length))
}

function formatValue(value: string | number | boolean): string {
  const text = safeText(String(value), 120)
  return typeof value === 'string' && (text === '' || /[\s"=]/.test(text)) ? JSON.stringify(text) : text
}

// C0, DEL, C1, line and paragraph separators, and invisible characters that change how others are shown.
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
// JSON has escaped C0 itself, except the line feeds between its lines.
const CONTROL_IN_JSON = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
