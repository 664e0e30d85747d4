import { FindView } from './find/find-view.js'
import { Link, useLocation } from './location.js'
import { ProgressView } from './progress/progress-view.js'
import { ServicesView } from './services/services-view.js'
import { TraceView } from './trace/trace-view.js'

/** The page: a head with the views, and the view that the address names. */
export function App() {
  const { path } = useLocation()
  const [, view = '', rest = ''] = /^\/([^/]*)\/?(.*)$/.exec(path) ?? []
  const of = decoded(rest)
  return (
    <>
      <header class="head">
        <Link class="brand" to="/">
          hoptrace
        </Link>
        <nav aria-label="Views">
          <Link to="/" current={view === ''}>
            Find
          </Link>
          <Link to="/services" current={view === 'services'}>
            Services
          </Link>
        </nav>
      </header>
      <main>
        {view === 'trace' && of !== '' ? (
          <TraceView key={of} of={of} />
        ) : view === 'progress' && of !== '' ? (
          <ProgressView key={of} of={of} />
        ) : view === 'services' ? (
          <ServicesView />
        ) : (
          <FindView />
        )}
      </main>
    </>
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
