/** Tested as a second major under an alias. The adapter uses only parts with the same types. */
declare module 'express4' {
  export { default } from 'express'
}
