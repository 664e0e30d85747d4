/** An address with a port. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** A virtual address and its back ends: one of them at random, as for a service of a cluster. */
export interface VirtualAddress extends Endpoint {
  readonly to: readonly Endpoint[]
}

/** Rules for a host whose own processes dial virtual addresses, as each node of a cluster has them. */
export function callerRules(services: readonly VirtualAddress[]): string {
  return `table ip callers {
  chain output {
    type nat hook output priority -100;
${services.map((one) => `    ${translation(one)}`).join('\n')}
  }
}`
}

/** Rules for a host that passes on what comes for some of its ports, and sends it under its own address. */
export function routerRules(ports: readonly VirtualAddress[]): string {
  return `table ip router {
  chain prerouting {
    type nat hook prerouting priority -100;
${ports.map((one) => `    ${translation(one)}`).join('\n')}
  }
  chain postrouting {
    type nat hook postrouting priority 100;
    masquerade
  }
}`
}

function translation({ address, port, to }: VirtualAddress): string {
  const met = `ip daddr ${address} tcp dport ${port}`
  const [first] = to
  if (to.length === 1 && first) return `${met} dnat to ${first.address}:${first.port}`
  const map = to.map((one, index) => `${index} : ${one.address} . ${one.port}`).join(', ')
  return `${met} dnat to numgen random mod ${to.length} map { ${map} }`
}
