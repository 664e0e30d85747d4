export { isLoopback } from './server/access.js'
export { startUi } from './server/start-ui.js'
export type { Ui, UiOptions } from './server/start-ui.js'
