// pm2 start ecosystem.config.cjs
module.exports = {
  apps: [
    {
      name: 'orders',
      script: 'server.js',
      // A worker for each core on one port. hoptrace asks each by the socket of its run.
      exec_mode: 'cluster',
      instances: 2,
      node_args: '--import @hoptrace/node/register',
      env: { HOPTRACE_SERVICE: 'orders', HOPTRACE_DIR: process.env.HOPTRACE_DIR ?? '/var/lib/hoptrace' },
      // A worker that closes its server and its tracer needs a moment.
      kill_timeout: 10_000,
    },
  ],
}
