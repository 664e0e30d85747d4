/** Tested as a second major under an alias. The adapter uses only parts with the same types. */
declare module 'koa2' {
  export { default } from 'koa'
}
