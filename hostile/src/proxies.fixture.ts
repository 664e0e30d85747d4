import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { toolPath } from './tools.fixture.js'

/** A proxy in front of a service. */
export interface Proxy {
  readonly port: number
  close(): Promise<void>
}

/** How a proxy is set up before the service on a port of loopback. */
export type ProxySetup = (dir: string, servicePort: number) => Promise<Proxy>

/** The set-ups that can be tried here, by name, with the programs that they take. */
export const proxySetups: readonly (readonly [name: string, tool: string | undefined, setup: ProxySetup])[] =
  [
    ['nginx', 'nginx', nginx('location / { proxy_pass http://127.0.0.1:SERVICE; }')],
    [
      'nginx that refuses /_hoptrace',
      'nginx',
      nginx('location ^~ /_hoptrace { return 403; } location / { proxy_pass http://127.0.0.1:SERVICE; }'),
    ],
    [
      'nginx that takes a sub-path off',
      'nginx',
      nginx(
        'location / { proxy_pass http://127.0.0.1:SERVICE; } location /shop/ { proxy_pass http://127.0.0.1:SERVICE/; }',
      ),
    ],
    ['HAProxy', 'haproxy', haproxy('http')],
    ['HAProxy for TCP', 'haproxy', haproxy('tcp')],
    ['socat', 'socat', socat],
    ['a proxy of Node', undefined, nodeProxy],
  ]

function nginx(locations: string): ProxySetup {
  return async (dir, servicePort) => {
    const port = await freePort()
    mkdirSync(dir, { recursive: true })
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${dir}/${name};`)
      .join(' ')
    writeFileSync(
      path.join(dir, 'nginx.conf'),
      `daemon off; master_process off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/error.log;
       events { worker_connections 64; }
       http { access_log off; ${temporary} merge_slashes on;
         server { listen 127.0.0.1:${port}; ${locations.replaceAll('SERVICE', String(servicePort))} } }`,
    )
    return started([toolPath('nginx') ?? '', '-p', dir, '-c', path.join(dir, 'nginx.conf')], port)
  }
}

function haproxy(mode: 'http' | 'tcp'): ProxySetup {
  return async (dir, servicePort) => {
    const port = await freePort()
    mkdirSync(dir, { recursive: true })
    writeFileSync(
      path.join(dir, 'haproxy.cfg'),
      `defaults
  mode ${mode}
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  server one 127.0.0.1:${servicePort}
`,
    )
    return started([toolPath('haproxy') ?? '', '-db', '-q', '-f', path.join(dir, 'haproxy.cfg')], port)
  }
}

async function socat(_dir: string, servicePort: number): Promise<Proxy> {
  const port = await freePort()
  const listen = `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`
  return started([toolPath('socat') ?? '', listen, `TCP:127.0.0.1:${servicePort}`], port)
}

/** Passes on what comes, headers as they are. */
async function nodeProxy(_dir: string, servicePort: number): Promise<Proxy> {
  const server = createServer((req, res) => {
    const { method, url, headers } = req
    const onward = request({ host: '127.0.0.1', port: servicePort, method, path: url, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function started([program = '', ...args]: readonly string[], port: number): Promise<Proxy> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  for (let tries = 0; !(await isOpen(port)); tries++) {
    if (child.exitCode !== null || tries > 2000) throw new Error(`${program} does not listen: ${said}`)
    await sleep(50)
  }
  return { port, close: () => endOf(child) }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createTcpServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/**
 * Sends bytes to a port of loopback and resolves to whatever comes back until the other side ends, or says
 * nothing more.
 */
export function sendRaw(port: number, bytes: string, patienceMillis = 3000): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setEncoding('latin1').setTimeout(patienceMillis)
    socket.on('data', (text: string) => (answer += text))
    socket.on('timeout', () => socket.destroy())
    socket.on('error', () => undefined)
    socket.once('close', () => resolve(answer))
  })
}
