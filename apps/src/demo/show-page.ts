import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { openResolver, type Output } from '@hoptrace/cli'
import { startUi, type Ui } from '@hoptrace/ui'
import type { DemoArguments } from './arguments.js'

/** Serves the page on the demo's chain, prints its address, and opens it where there is a desktop. */
export async function showPage(
  { dataDir, store }: DemoArguments,
  output: Output,
): Promise<Pick<Ui, 'close'>> {
  await buildPage(output)
  const resolver = openResolver({ dir: dataDir, ...(store === 'level' ? {} : { stores: [store] }) })
  const ui = await startUi({ resolver, onError: (error) => output.warn(error.message) })
  await output.lines([`The page: ${ui.url}`])
  openInBrowser(ui.url)
  return {
    close: async () => {
      await ui.close()
      await resolver.close()
    },
  }
}

/** A fresh checkout has not built the page. npm starts the demo in the checkout's folder. */
async function buildPage(output: Output): Promise<void> {
  if (existsSync('packages/ui/dist/page/index.html')) return
  await output.lines([output.paint.faint('building the page')])
  await promisify(execFile)('npm', ['run', 'build:page', '--workspace', '@hoptrace/ui'])
}

/** Without a desktop, the printed address is enough. */
function openInBrowser(url: string): void {
  const isDesktop = process.platform !== 'linux' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']
  if (!isDesktop) return
  const [command, ...args] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['explorer'] : ['xdg-open']
  spawn(command, [...args, url], { detached: true, stdio: 'ignore' })
    .once('error', () => undefined)
    .unref()
}
