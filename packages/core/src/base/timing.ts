/*
 * Every time that a decision rests on, with its reason; `docs/timing.md` shows the table. What belongs together is derived, so
 * that one change keeps the others right. Times that an option sets are in `settings`.
 */

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** A run marks its log this often. Every statement about a run's life counts in marks. */
const mark = second

/** The request thread shows this often that its event loop turns. */
const turn = 100

/** A process looks for dead runs this often. */
const look = 5 * second

/** Clocks of machines that work together differ by less. */
const clocks = 30 * second

const nanos = (millis: number): bigint => BigInt(millis) * 1_000_000n

/** Milliseconds, or nanoseconds where the name says so. */
export const timing = {
  // A run and its log
  /** A run marks its log this often: the log says up to when it is complete, and that the run lives. */
  markMillis: mark,
  /** A hop that is open for longer is logged, so that it is known if the process dies. */
  sweepMillis: mark / 10,
  /** After a pause of two marks, a writer checks whether another process has taken its directory. */
  writerPauseMillis: 2 * mark,
  /** A run without a mark for a minute is gone, wherever its process was. */
  quietMillis: 60 * mark,
  /** A log is alive if its last mark is at most three marks old: a mark is late where the process is busy. */
  silentLogNanos: nanos(3 * mark),
  /** A mark speaks of a moment that is up to one mark old when it is written. */
  markTrailNanos: nanos(mark),
  /** A log that cannot be written is tried again after this. */
  logRetryMillis: second,
  /** A writer looks this often which of its files have been shipped and deleted. */
  logFilesMillis: 200,
  /** Drops that are closer together than this are one range. */
  oneDropNanos: nanos(second),
  /** An entry lost to damage belongs to a hop that began within this margin of the times around the damage. */
  damageMarginNanos: nanos(5 * second),
  /** A hop whose caller went away, and whose handler never answered, is closed after this. */
  abandonMillis: 30 * second,
  /** An application that catches everything and then exits does so within this. */
  crashExitMillis: 10 * second,
  /** The proxies that the environment names are believed for this time: a call would read eight variables, and each read takes up to a microsecond. */
  ownProxyMillis: second,

  // Clocks
  /** Clocks of hosts differ by less, and a request takes less from one process to the next. */
  settleNanos: nanos(2 * second),
  /** Clocks of hosts that differ by more are not made up for. */
  skewNanos: nanos(15 * minute),
  /** A signed question is refused if the asker's clock differs by more. */
  signatureSkewMillis: clocks,
  /** What a process of another machine, or one behind a proxy, wrote proves nothing of a time that is closer to it. */
  clocksNanos: nanos(clocks),
  /** A time that is further ahead of now is by a clock that was wrong. */
  lifeAheadNanos: nanos(minute),
  /** A range looks for hops that are this much older or younger than their run says: ids are of the caller's clock. */
  rangeSlackNanos: nanos(10 * minute),
  /** Ids at least this far ahead of the clock are noted, so that the next run continues above them. */
  idsAheadMillis: second,
  /** Ids this far ahead are reported: the clock was set back, and a restart helps. */
  warnIdsAheadMillis: minute,
  /** An earlier run's ids further ahead are ignored: its clock was wrong, and new ids would be in the future for hours. */
  maxIdsAheadMillis: 10 * minute,

  // The life of a run, as others see it
  /** A run may have been there for this time after its last sign of life in the registry. */
  rowSlackNanos: nanos(60 * mark),
  /** Signs of life may be this much older than the last moment of life. */
  lifeTrailNanos: nanos(3 * mark),
  /** A run with a sign of life in its row within this time counts as alive. */
  aliveRowMillis: 5 * mark,
  /** The row of a run may not say yet that it consumes messages that were sent within this time. */
  untoldConsumerNanos: nanos(10 * mark),
  /** A run that writes its first file is not damaged yet. */
  newRunMillis: 2 * mark,
  /** An unfinished file of the registry is removed after this: no write takes longer. */
  temporaryRowMillis: minute,
  /** The row of a run without a sign of life goes after a day: a run that cannot reach the registry may live. */
  silentRowMillis: 24 * hour,

  // Asking
  /** The rows of the registry are believed for this time. */
  rowsMillis: second / 2,
  /** A put to one of several registries is waited for this long: the next row must not be late for the others. */
  putRowMillis: 1500,
  /** A registry that is late with the first row of a run for longer is reported: until then its table may be being made. */
  firstRowMillis: 15 * second,
  /** A registry that does not answer is waited for this long if others have given rows. */
  registryMillis: 2500,
  /** And this long if none has given a row. */
  emptyRegistryMillis: 10 * second,
  /** A source that did not answer in time is skipped for this time. */
  skipSourceMillis: 5 * second,
  /** An instance that did not answer is skipped for this time. */
  skipInstanceMillis: 2 * second,
  /** A long answer shows this often that it is still being made. */
  hopBeatMillis: 300,
  /** The same for a range. */
  rangeBeatMillis: second / 2,
  /** The same for a timeline; a failed write shows that its asker has disconnected. */
  progressBeatMillis: 10 * second,

  /** An answer is given up when its asker has read nothing of it for this time. */
  idleAskerMillis: minute,

  // The shipping thread
  /** The request thread shows this often that its event loop turns. */
  turnMillis: turn,
  /** After this time without a new hop, a process that has nothing to do wakes only for its marks. */
  restAfterMillis: 2 * mark,
  /** After five missed turns, the event loop of the request thread is blocked. */
  blockedMillis: 5 * turn,
  /** A question waits one turn for the request thread; then it is answered without. */
  requestThreadMillis: turn,
  /** The code that answers questions is loaded this long after a run began, or with its first question: the start of a process takes no time for it. */
  loadAnswersMillis: 2 * second,
  /** The shipping thread reports its counts this often. */
  statsMillis: second,
  /** The socket of a run is looked for this often: its directory may be removed and made again. */
  socketLookMillis: 2 * second,
  /** `close` waits this long for the shipping thread to ship the rest. */
  closeMillis: 10 * second,
  /** A thread that was stopped may take this long to end; one that is stuck in the kernel never ends. */
  endMillis: second,
  /** A shipping thread that ended is started again after this, then after twice as long, and so on. */
  restartMillis: second,
  /** The longest pause before a restart; after running for this time, a thread counts as started for the first time. */
  steadyMillis: minute,
  /** A recorder that cannot begin to ship tries again after this. */
  recorderStartMillis: 5 * second,

  // Shipping
  /** A shipper that cannot start tries again after this. */
  shipperStartMillis: second,
  /** A store, registry or disk that fails is tried again after this, then after twice as long, and so on. */
  outageMillis: 250,
  /** The longest pause before a store, registry or disk is tried again. */
  maxOutageMillis: 10 * second,
  /** A process looks for dead runs of its service this often. */
  adoptMillis: look,
  /** For three looks, dead runs of other services are left to a restart of their service. */
  adoptOthersMillis: 3 * look,
  /** A busy run ships a part of a window this long after its end at the earliest: most of its hops have ended by then. */
  partGraceMillis: 200,
  /** A shipper to which nothing comes looks this often. */
  restTickMillis: second,
  /** A dead run that could not be shipped is tried again after this, then after twice as long, and so on. */
  failedRunMillis: 5 * second,
  /** The longest pause, if the store was unavailable: it will be back. */
  maxFailedStoreMillis: 5 * minute,
  /** The longest pause, if the run itself is at fault: it stays so until there is another release or another key. */
  maxFailedRunMillis: 6 * hour,
  /** A service looks for expired rows at most this often. */
  minExpiryMillis: 5 * second,
  /** A service looks for expired rows at least this often. */
  maxExpiryMillis: hour,
  /** What is deleted because of its bytes is registered as deleted this long before: questions that began earlier have ended. */
  deletionMillis: 15 * second,
  /** Services that start together do not all look for expired rows at once. */
  firstExpiryMillis: second,

  // Stores
  /** Level: disk space is freed once nothing was deleted for this time. */
  purgeMillis: second,
  /** Level: files that do not fit together, because a writer replaces them, are read again after this. */
  rereadMillis: 5,
  /** Where no process is at work, the pause: longer than the file system's clock takes to turn, so that a later change shows another time. */
  stillMillis: 20,
  /** A directory that looked the same for this time shows a later change by its time: the clocks of file systems turn within two seconds. */
  stillDirMillis: 2 * second,
  /** HBase: a gateway without an answer for this time is asked again. */
  gatewayMillis: 8 * second,
  /** HBase: a gateway that fails is asked again after this, then after twice as long, and so on. */
  gatewayPauseMillis: 50,
  /** HBase: the longest pause before a gateway is asked again. */
  maxGatewayPauseMillis: 2 * second,
  /** HBase: after a failure, requests fail at once for this time. */
  shortOutageMillis: second,
}
