const codes: ReadonlySet<string> = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** Why the certificate of a server was refused, and what to do; undefined for another error. */
export function certificateReason(error: unknown): string | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    const { code } = one as { code?: unknown }
    // mysql2 replaces the code of each failure of TLS, and keeps the message.
    const isHidden = code === 'HANDSHAKE_SSL_ERROR' && /certificate/i.test(one.message)
    if (!isHidden && !codes.has(String(code))) continue
    const what = one.message === '' ? String(code) : one.message
    if (/does not match certificate/.test(what))
      return `the certificate of the server is for another name (${what}): name the server as its certificate does`
    return `the certificate of the server is not trusted (${what}): name the file of its certificate authority in NODE_EXTRA_CA_CERTS`
  }
  return undefined
}
