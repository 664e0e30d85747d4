import { copyFile, mkdir, readdir, rm, symlink } from 'node:fs/promises'
import path from 'node:path'

/**
 * Makes a data directory that shows the same registry, key and stores as another one, but as it looks from another host: the logs
 * cannot be read, and no process there adopts them. Resolves to the directory.
 */
export async function viewFromElsewhere(dataDir: string): Promise<string> {
  const view = path.join(dataDir, 'elsewhere')
  await rm(view, { recursive: true, force: true })
  await mkdir(path.join(view, 'registry'), { recursive: true })
  await copyIfThere(path.join(dataDir, 'key'), path.join(view, 'key'))
  // Rows are replaced while this reads them: one that is gone now has a newer version under its final name.
  for (const name of await readdir(path.join(dataDir, 'registry')))
    await copyIfThere(path.join(dataDir, 'registry', name), path.join(view, 'registry', name))
  await symlink(path.join(dataDir, 'stores'), path.join(view, 'stores'))
  return view
}

async function copyIfThere(from: string, to: string): Promise<void> {
  await copyFile(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}
