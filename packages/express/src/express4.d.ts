/** Tested as a second major under an alias; what the adapter uses has the same types. */
declare module 'express4' {
  export { default } from 'express'
}
