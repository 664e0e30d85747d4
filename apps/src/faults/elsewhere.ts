import { cp, mkdir, rm, symlink } from 'node:fs/promises'
import path from 'node:path'

/**
 * Makes a data directory that shows the same registry, key and stores as another one, but as it looks from another host: the logs
 * cannot be read, and no process there adopts them. Resolves to the directory.
 */
export async function viewFromElsewhere(dataDir: string): Promise<string> {
  const view = path.join(dataDir, 'elsewhere')
  await rm(view, { recursive: true, force: true })
  await mkdir(view)
  for (const name of ['registry', 'key'])
    await cp(path.join(dataDir, name), path.join(view, name), { recursive: true }).catch(() => undefined)
  await symlink(path.join(dataDir, 'stores'), path.join(view, 'stores'))
  return view
}
