import { spawnSync } from 'node:child_process'

/** What the networks are made of, with the Debian package that has it. */
const TOOLS = {
  ip: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  socat: 'socat',
} as const

/** Why hosts in network namespaces cannot be made here, or undefined when they can. */
export function netUnavailableReason(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const missing = Object.entries(TOOLS).filter(([tool]) => !isThere(tool))
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(([, name]) => name))]
    return `${missing.map(([tool]) => tool).join(', ')} not found (Debian: apt-get install ${packages.join(' ')})`
  }
  const { status, stderr } = spawnSync('unshare', ['--net', '--uts', 'true'], { encoding: 'utf8' })
  return status === 0 ? undefined : `this machine makes no network namespaces: ${stderr.trim()}`
}

/** Whether nginx here can forward plain TCP, too. */
export function nginxStreamModule(): string | null {
  const { stderr } = spawnSync('nginx', ['-V'], { encoding: 'utf8' })
  if (/--with-stream( |$)/.test(stderr)) return ''
  const folder = /--modules-path=(\S+)/.exec(stderr)?.[1]
  return folder !== undefined && spawnSync('test', ['-f', `${folder}/ngx_stream_module.so`]).status === 0
    ? `${folder}/ngx_stream_module.so`
    : null
}

function isThere(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0
}
