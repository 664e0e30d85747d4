/** Tested as an older release under an alias; what the adapter uses has the same types. */
declare module 'axios16' {
  export { default } from 'axios'
}
