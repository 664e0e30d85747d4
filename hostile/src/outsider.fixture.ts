/** A key that a cluster may have. */
export const clusterKey = 'q1Vb0m8rYtq3Zt7Hq4n2kX9cJw5LdPz6uR8sEoA1fGk'

/** What a hop tells of itself that no outsider may learn: id, address, time. */
export function secretsOf(hopId: string): readonly string[] {
  return hopId === '' ? [] : [hopId, hopId.slice(20)]
}

/** Everything that an outsider may write after GET to reach the live endpoint. */
export function targets(hopId: string, port: number): readonly string[] {
  const span = `from=0&to=${(BigInt(Date.now()) + 1000n) * 1_000_000n}`
  const v1 = '/_hoptrace/v1'
  return [
    ...['instance', 'metrics', `hops/${hopId}`, `progress/${hopId}`, 'progress/task%3Dhidden-task'].map(
      (question) => `${v1}/${question}`,
    ),
    `${v1}/keys?name=task&value=hidden-task`,
    `${v1}/range?${span}`,
    ...[
      '/_hoptrace/v1/../../yyyyyyyyyyyy/',
      '/_hoptrace/v1/../v1/',
      '/_hoptrace/./v1/',
      '/x/../_hoptrace/v1/',
      '//_hoptrace/v1/',
      '/_hoptrace//v1/',
      '/_hoptrace/v1//',
      '/%5fhoptrace/v1/',
      '/%5Fhoptrace/v1/',
      '/_hoptrace%2fv1%2f',
      '/_HOPTRACE/v1/',
      '/_hoptrace;a=b/v1/',
      '/shop/_hoptrace/v1/',
      '/shop/../_hoptrace/v1/',
      '/shop/..%2f_hoptrace/v1/',
      '/shop/%2e%2e/_hoptrace/v1/',
      '/\\_hoptrace\\v1\\',
      '/_hoptrace\\v1\\',
      `http://127.0.0.1:${port}/_hoptrace/v1/`,
      `http://attacker.example/_hoptrace/v1/`,
      '*/_hoptrace/v1/',
      '_hoptrace/v1/',
    ].map((path) => `${path}range?${span}`),
  ]
}
