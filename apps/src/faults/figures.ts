import { readFile, writeFile } from 'node:fs/promises'

const BEGIN = '<!-- figures -->'
const END = '<!-- end of figures -->'

/** Replaces what a Markdown file has between its two marks of figures by a command and the table that it printed. Rejects when the marks are missing. */
export async function writeFigures(file: string, command: string, table: readonly string[]): Promise<void> {
  const text = await readFile(file, 'utf8')
  const from = text.indexOf(BEGIN)
  const to = text.indexOf(END, from)
  if (from < 0 || to < 0) throw new Error(`${file} has no place for figures: ${BEGIN} … ${END}`)
  const lines = ['```', `$ ${command}`, '', ...table.map((line) => line.trimEnd()), '```']
  await writeFile(file, `${text.slice(0, from)}${BEGIN}\n${lines.join('\n')}\n${text.slice(to)}`)
}
