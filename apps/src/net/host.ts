import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { run } from './shell.js'

/** A host of a network: a namespace with an address, a host name, and processes. Its files are this machine's. */
export class Host {
  /** Its host name. */
  readonly name: string
  readonly address: string
  readonly namespace: string

  constructor(name: string, address: string, namespace: string) {
    this.name = name
    this.address = address
    this.namespace = namespace
  }

  /**
   * The words in front of a command that make it a process of this host. It keeps the pid and the standard streams of what is
   * started, and is killed when the process ends that starts it.
   */
  get inside(): readonly string[] {
    const named = ['unshare', '--uts', 'sh', '-c', 'hostname "$0"; exec "$@"', this.name]
    return ['setpriv', '--pdeathsig', 'KILL', 'ip', 'netns', 'exec', this.namespace, ...named]
  }

  /** Runs a command on this host to its end. */
  run(command: string, ...args: readonly string[]): Promise<string> {
    return run('ip', ['netns', 'exec', this.namespace, command, ...args])
  }

  /** Replaces all packet rules of this host. */
  async rules(text: string): Promise<void> {
    await run('ip', ['netns', 'exec', this.namespace, 'nft', '-f', '-'], `flush ruleset\n${text}`)
  }

  /** Lets it pass packets on that are for others. */
  async forwardPackets(): Promise<void> {
    await this.run('sysctl', '-qw', 'net.ipv4.ip_forward=1')
  }

  /** Pulls the host off the network, or plugs it in again. Its addresses and routes come back with it. */
  async link(state: 'up' | 'down'): Promise<void> {
    await run('ip', ['-n', this.namespace, 'link', 'set', 'eth0', state])
    // Routes through a link go with it; the ones to its own network come back by themselves.
    if (state === 'up') await this.route()
  }

  /** Sends what is for virtual addresses out of its link, where packet rules may take it. */
  async route(): Promise<void> {
    await run('ip', ['-n', this.namespace, 'route', 'replace', VIRTUAL, 'dev', 'eth0'])
  }

  /** What names mean on this host, except for its own `localhost`. */
  async hosts(names: Readonly<Record<string, readonly string[]>>): Promise<void> {
    const lines = ['127.0.0.1 localhost', `${this.address} ${this.name}`]
    for (const [name, addresses] of Object.entries(names)) {
      for (const address of addresses) lines.push(`${address} ${name}`)
    }
    const folder = path.join('/etc/netns', this.namespace)
    await mkdir(folder, { recursive: true })
    await writeFile(path.join(folder, 'hosts'), `${lines.join('\n')}\n`)
  }
}

/** The network of virtual addresses: no host has one, and packet rules translate them. */
export const VIRTUAL = '10.232.0.0/16'
