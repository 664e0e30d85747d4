import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { nginxStreamModule } from './available.js'
import { startDaemon, type Daemon } from './daemon.js'
import type { Host } from './host.js'
import type { Endpoint } from './nat.js'

/** A port of a proxy and its back ends. */
export interface Front {
  readonly port: number
  readonly to: readonly Endpoint[]
}

/** What nginx does with requests, except for passing them on. */
export interface NginxBehaviour {
  /** `stream`: it forwards connections and reads nothing of them. @default 'http' */
  readonly level?: 'http' | 'stream'
  /** Tries the next back end when one refuses or breaks off, whatever the method. @default false */
  readonly retries?: boolean
  /**
   * Keeps answers for a second and gives them again, with all headers: `all` of them, by path; `half`: to one request in two,
   * chosen at random, and whatever was asked. @default 'none'
   */
  readonly caches?: 'none' | 'half' | 'all'
}

/** nginx on a host. */
export function startNginx(
  host: Host,
  fronts: readonly Front[],
  behaviour: NginxBehaviour = {},
): Promise<Daemon> {
  return withFolder(async (folder) => {
    const file = path.join(folder, 'nginx.conf')
    await writeFile(file, nginxConfiguration(folder, fronts, behaviour))
    return startDaemon(
      host,
      ['nginx', '-p', folder, '-e', `${folder}/error.log`, '-c', file],
      portsOf(fronts),
    )
  })
}

/** HAProxy on a host: `http` reads requests, `tcp` forwards connections. */
export function startHaproxy(
  host: Host,
  fronts: readonly Front[],
  mode: 'http' | 'tcp' = 'http',
): Promise<Daemon> {
  return withFolder(async (folder) => {
    const file = path.join(folder, 'haproxy.cfg')
    await writeFile(file, haproxyConfiguration(fronts, mode))
    return startDaemon(host, ['haproxy', '-db', '-f', file], portsOf(fronts))
  })
}

/** socat on a host: one forwarder a port, to the first back end. */
export async function startSocat(host: Host, fronts: readonly Front[]): Promise<Daemon> {
  const daemons: Daemon[] = []
  const stop = async (): Promise<void> => void (await Promise.all(daemons.map((one) => one.stop())))
  try {
    for (const { port, to } of fronts) {
      const [first] = to
      if (!first) continue
      const words = [`TCP-LISTEN:${port},fork,reuseaddr,backlog=512`, `TCP:${first.address}:${first.port}`]
      daemons.push(await startDaemon(host, ['socat', ...words], [port]))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { stop }
}

function nginxConfiguration(folder: string, fronts: readonly Front[], behaviour: NginxBehaviour): string {
  const { level = 'http', retries = false, caches = 'none' } = behaviour
  const stream = level === 'stream'
  const module = stream ? nginxStreamModule() : ''
  if (module === null) throw new Error('nginx has no stream module here (Debian: libnginx-mod-stream)')
  const next = retries ? 'proxy_next_upstream error timeout non_idempotent;' : 'proxy_next_upstream off;'
  const cached =
    caches === 'none'
      ? ''
      : `proxy_cache answers; proxy_cache_methods GET POST; proxy_cache_valid 200 1s;
         proxy_cache_key "${caches === 'all' ? '$request_uri' : '$server_port$shared'}";`
  const servers = fronts.map(({ port, to }) => {
    const backEnds = to.map((one) => `server ${one.address}:${one.port} max_fails=0;`).join(' ')
    const pass = stream
      ? `${next} proxy_pass up${port};`
      : `location / { ${next} ${cached} proxy_pass http://up${port}; }`
    return `  upstream up${port} { ${backEnds} }\n  server { listen ${port}; ${pass} }`
  })
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${folder}/${one};`,
  )
  const before = stream
    ? ''
    : `access_log off; ${paths.join(' ')}
  proxy_cache_path ${folder}/cache keys_zone=answers:1m;
  split_clients "$request_id" $shared { 50% "any"; * $request_id; }`
  return `${module ? `load_module ${module};` : ''}
user root; worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
${level} {
  ${before}
${servers.join('\n')}
}
`
}

function haproxyConfiguration(fronts: readonly Front[], mode: 'http' | 'tcp'): string {
  const parts = fronts.map(({ port, to }) => {
    const servers = to.map((one, index) => `  server s${index} ${one.address}:${one.port}`).join('\n')
    return `listen l${port}\n  bind *:${port}\n  balance roundrobin\n${servers}\n`
  })
  return `global
  maxconn 2000
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
${parts.join('\n')}`
}

async function withFolder(start: (folder: string) => Promise<Daemon>): Promise<Daemon> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hoptrace-proxy-'))
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    const daemon = await start(folder)
    return { stop: () => daemon.stop().finally(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}

function portsOf(fronts: readonly Front[]): number[] {
  return fronts.map(({ port }) => port)
}
