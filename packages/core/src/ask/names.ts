/** The socket in a run's directory by which the run answers questions. */
export const askSocketName = 'ask.sock'
/** In its place where a socket cannot be made: port and secret of a loopback server, as JSON. */
export const askFileName = 'ask.json'
/** What every question's path begins with. */
export const askPrefix = '/_hoptrace/v1/'

/** Proves, to the loopback server, that the asker can read the run's directory. */
export const SECRET_HEADER = 'hoptrace-secret'
/** Names the asker, so that askers share places; any text without commas. */
export const ASKER_HEADER = 'hoptrace-asker'
/** A question from another host, passed on by a process of this one: the address of its asker. */
export const PASSED_ON_HEADER = 'hoptrace-passed-on'

/** What `ask.json` says. */
export interface AskFile {
  readonly port: number
  readonly secret: string
}
