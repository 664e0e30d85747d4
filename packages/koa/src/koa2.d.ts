/** Tested as a second major under an alias; what the adapter uses has the same types. */
declare module 'koa2' {
  export { default } from 'koa'
}
