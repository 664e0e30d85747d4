import type { Zstd } from '@hpcc-js/wasm-zstd'

/** Loaded once: the module is compiled then. Node's own zlib has no zstd before 22.15. */
let loading: Promise<Zstd> | undefined

export const loadZstd = (): Promise<Zstd> =>
  (loading ??= import('@hpcc-js/wasm-zstd').then((loaded) => loaded.Zstd.load()))
