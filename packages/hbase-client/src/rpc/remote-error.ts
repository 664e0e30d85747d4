import { HBaseError, type HBaseErrorCode, type Recovery } from '../errors.js'

/** A server's description of a failure. */
export interface RemoteException {
  readonly className: string
  /** Stack trace or message; only its first line is kept. */
  readonly text: string
  readonly doNotRetry: boolean
}

/** Some messages contain a whole table schema. */
const longestMessage = 300

type Verdict = readonly [HBaseErrorCode, Recovery]

/** By simple class name; the packages of these classes changed between HBase versions. */
const verdicts = new Map<string, Verdict>([
  ['NotServingRegionException', ['REMOTE', 'elsewhere']],
  ['RegionMovedException', ['REMOTE', 'elsewhere']],
  ['RegionOpeningException', ['REMOTE', 'elsewhere']],
  ['WrongRegionException', ['REMOTE', 'elsewhere']],
  ['RegionServerStoppedException', ['REMOTE', 'elsewhere']],
  ['RegionServerAbortedException', ['REMOTE', 'elsewhere']],
  ['RegionServerRunningException', ['REMOTE', 'elsewhere']],
  ['ServerNotRunningYetException', ['REMOTE', 'elsewhere']],
  ['NotLeaderException', ['REMOTE', 'elsewhere']],
  ['MasterNotRunningException', ['REMOTE', 'elsewhere']],
  ['MasterStoppedException', ['REMOTE', 'elsewhere']],
  ['MasterRegistryFetchException', ['REMOTE', 'elsewhere']],
  ['PleaseHoldException', ['REMOTE', 'later']],
  ['RegionTooBusyException', ['REMOTE', 'later']],
  ['CallQueueTooBigException', ['REMOTE', 'later']],
  ['CallDroppedException', ['REMOTE', 'later']],
  ['CallTimeoutException', ['REMOTE', 'later']],
  ['RpcThrottlingException', ['REMOTE', 'later']],
  ['MultiActionResultTooLarge', ['REMOTE', 'later']],
  ['UnknownScannerException', ['REMOTE', 'later']],
  ['ScannerResetException', ['REMOTE', 'later']],
  ['OutOfOrderScannerNextException', ['REMOTE', 'later']],
  ['LeaseException', ['REMOTE', 'later']],
  ['TableNotFoundException', ['TABLE_NOT_FOUND', 'none']],
  ['TableExistsException', ['TABLE_EXISTS', 'none']],
  ['TableNotEnabledException', ['TABLE_DISABLED', 'none']],
  ['TableNotDisabledException', ['TABLE_NOT_DISABLED', 'none']],
  ['NoSuchColumnFamilyException', ['FAMILY_NOT_FOUND', 'none']],
  ['AccessDeniedException', ['ACCESS_DENIED', 'none']],
  ['AccessControlException', ['ACCESS_DENIED', 'none']],
  ['RequestTooBigException', ['TOO_LARGE', 'none']],
  ['RowTooBigException', ['TOO_LARGE', 'none']],
  // In a Multi, only the class name shows that an exception is permanent.
  ['DoNotRetryIOException', ['REMOTE', 'none']],
  ['DoNotRetryRegionException', ['REMOTE', 'none']],
  ['FailedSanityCheckException', ['REMOTE', 'none']],
  ['ConstraintException', ['REMOTE', 'none']],
  ['QuotaExceededException', ['REMOTE', 'none']],
  ['SpaceLimitingException', ['REMOTE', 'none']],
])

/**
 * Exceptions that Java throws for a request that no server accepts. HBase does not mark these as permanent,
 * and its own client repeats them until its time is over. Any other unmarked exception may come from a
 * starting server.
 */
const refused = new Set([
  'IllegalArgumentException',
  'NumberFormatException',
  'UnsupportedOperationException',
  'ClassNotFoundException',
  'DeserializationException',
  'InvalidProtocolBufferException',
  'InvalidFamilyOperationException',
  'NamespaceNotFoundException',
  'NegativeArraySizeException',
])

/** The server no longer knows the scanner: the scan opens a new one and continues. */
const lostScanner = new Set([
  'UnknownScannerException',
  'ScannerResetException',
  'OutOfOrderScannerNextException',
  'LeaseException',
])

/** True if the scanner is gone but its region may still be on the same server. */
export function isLostScanner(error: HBaseError): boolean {
  return error.exceptionClass !== undefined && lostScanner.has(simpleName(error.exceptionClass))
}

/** The typed error for an exception that `where` sent. */
export function remoteError(exception: RemoteException, where: string): HBaseError {
  const { className } = exception
  const [firstLine = ''] = exception.text.slice(0, 10_000).split('\n', 1)
  const message = firstLine.startsWith(className)
    ? firstLine.slice(className.length).replace(/^:\s*/, '')
    : firstLine
  const [code, recovery] = judge(exception, message)
  const remedy = isLoginMissing(message) ? ' (the server demands Kerberos, and this client has none)' : ''
  const text = `${simpleName(className)}: ${message.slice(0, longestMessage)}${remedy}`
  return new HBaseError(code, `${where}: ${text}`, {
    recovery,
    exceptionClass: className,
  })
}

function judge(exception: RemoteException, message: string): Verdict {
  if (/exceeds (the )?limit of \d+ bytes/i.test(message)) return ['TOO_LARGE', 'none']
  if (isLoginMissing(message)) return ['ACCESS_DENIED', 'none']
  const known = verdicts.get(simpleName(exception.className))
  if (known !== undefined) return known
  const passing = !exception.doNotRetry && !refused.has(simpleName(exception.className))
  return ['REMOTE', passing ? 'later' : 'none']
}

function isLoginMissing(message: string): boolean {
  return /Authentication is required/i.test(message)
}

function simpleName(className: string): string {
  return className.slice(Math.max(className.lastIndexOf('.'), className.lastIndexOf('$')) + 1)
}
