import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * Makes a data directory that shows the same registry as another one, but as it looks from a host that is not the one of
 * the dead: their logs cannot be read, and nobody there adopts them. Resolves to the directory.
 */
export async function viewFromElsewhere(dataDir: string, dead: ReadonlySet<number>): Promise<string> {
  const view = path.join(dataDir, 'elsewhere')
  await rm(view, { recursive: true, force: true })
  await mkdir(path.join(view, 'registry'), { recursive: true })
  for (const name of await readdir(path.join(dataDir, 'registry'))) {
    if (!name.endsWith('.json')) continue
    const text = await readFile(path.join(dataDir, 'registry', name), 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const row = JSON.parse(text) as { pid: number; state: string }
    const hidden = row.state === 'running' && dead.has(row.pid)
    const shown = hidden ? { ...row, host: 'elsewhere', logDir: path.join(view, 'gone') } : row
    await writeFile(path.join(view, 'registry', name), JSON.stringify(shown))
  }
  return view
}
