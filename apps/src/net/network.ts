import { Host } from './host.js'
import { namePrefix, removeLeftovers, removeNamespaces } from './leftovers.js'
import { run } from './shell.js'

/** A network as another process can take it over by `Network.attach`. */
export interface NetworkState {
  readonly prefix: string
  readonly hosts: readonly (readonly [name: string, address: string])[]
  /** Hosts that run a container. */
  readonly containers: readonly string[]
}

/** Addresses of each container, and of its host as the container sees it. */
const CONTAINER = '172.30.0.2'
const CONTAINER_HOST = '172.30.0.1'

let made = 0

/**
 * Hosts on one machine: a network namespace each, joined by a bridge in another namespace. Nothing of it is in the
 * namespace of the machine itself, and no packet leaves it. Needs root: see `netUnavailableReason`.
 */
export class Network {
  readonly #prefix: string
  readonly #hosts: ReadonlyMap<string, Host>
  readonly #containers: ReadonlyMap<string, Host>

  private constructor({ prefix, hosts, containers }: NetworkState) {
    this.#prefix = prefix
    this.#hosts = new Map(hosts.map(([name, address]) => [name, new Host(name, address, `${prefix}${name}`)]))
    this.#containers = new Map(
      containers.map((name) => [name, new Host(`${name}-in`, CONTAINER, `${prefix}${name}-in`)]),
    )
  }

  /**
   * Makes a network of hosts with these names, and first removes what killed processes left. `containers`: the ones
   * among them that get a container.
   */
  static async create(names: readonly string[], containers: readonly string[] = []): Promise<Network> {
    await removeLeftovers()
    const hosts = names.map((name, index) => [name, `10.231.0.${index + 10}`] as const)
    const network = new Network({ prefix: `${namePrefix()}${++made}-`, hosts, containers })
    try {
      await network.#build()
    } catch (error) {
      await network.remove()
      throw error
    }
    return network
  }

  /** The same network in another process, which does not remove it. */
  static attach(state: NetworkState): Network {
    return new Network(state)
  }

  get state(): NetworkState {
    const hosts = [...this.#hosts.values()].map(({ name, address }) => [name, address] as const)
    return { prefix: this.#prefix, hosts, containers: [...this.#containers.keys()] }
  }

  /** A host. Throws when there is none with that name. */
  host(name: string): Host {
    const host = this.#hosts.get(name)
    if (!host) throw new Error(`the network has no host ${name}`)
    return host
  }

  /**
   * A host's container, as Docker makes one: its address means something on that host only, and is the same on each;
   * what it sends goes out under the host's address. Nothing gets in before rules of the host say so.
   */
  container(behind: string): Host {
    const container = this.#containers.get(behind)
    if (!container) throw new Error(`there is no container behind ${behind}`)
    return container
  }

  /** Ends what runs on the hosts, and removes everything. */
  async remove(): Promise<void> {
    await removeNamespaces(this.#prefix)
  }

  async #addContainer({ namespace, address }: Host, behind: Host): Promise<void> {
    await addNamespace(namespace)
    const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]
    await run('ip', ['-n', behind.namespace, 'link', 'add', 'inner', ...peer])
    await run('ip', ['-n', behind.namespace, 'addr', 'add', `${CONTAINER_HOST}/24`, 'dev', 'inner'])
    await run('ip', ['-n', behind.namespace, 'link', 'set', 'inner', 'up'])
    await run('ip', ['-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0'])
    await run('ip', ['-n', namespace, 'link', 'set', 'eth0', 'up'])
    await run('ip', ['-n', namespace, 'route', 'add', 'default', 'via', CONTAINER_HOST])
    await behind.forwardPackets()
  }

  async #build(): Promise<void> {
    const hub = `${this.#prefix}hub`
    await addNamespace(hub)
    await run('ip', ['-n', hub, 'link', 'add', 'br0', 'type', 'bridge'])
    await run('ip', ['-n', hub, 'link', 'set', 'br0', 'up'])
    let port = 0
    for (const host of this.#hosts.values()) {
      const { namespace, address } = host
      const end = `p${port++}`
      await addNamespace(namespace)
      await run('ip', [
        '-n',
        hub,
        'link',
        'add',
        end,
        'type',
        'veth',
        'peer',
        'name',
        'eth0',
        'netns',
        namespace,
      ])
      await run('ip', ['-n', hub, 'link', 'set', end, 'master', 'br0', 'up'])
      await run('ip', ['-n', namespace, 'addr', 'add', `${address}/16`, 'dev', 'eth0'])
      await host.link('up')
    }
    for (const [name, container] of this.#containers) await this.#addContainer(container, this.host(name))
  }
}

async function addNamespace(namespace: string): Promise<void> {
  await run('ip', ['netns', 'add', namespace])
  await run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up'])
}
