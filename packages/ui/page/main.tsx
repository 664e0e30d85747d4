import { render } from 'preact'
import { keepToken } from './api.js'
import { App } from './app.js'

keepToken()
const root = document.getElementById('app')
if (root !== null) render(<App />, root)
