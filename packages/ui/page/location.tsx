import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** The address that the page shows: a path, and parameters. */
export interface Place {
  readonly path: string
  readonly parameters: URLSearchParams
}

const MOVED = 'hoptrace:moved'

function here(): Place {
  return { path: window.location.pathname, parameters: new URLSearchParams(window.location.search) }
}

/** The address, kept up to date. */
export function useLocation(): Place {
  const [place, setPlace] = useState(here)
  useEffect(() => {
    const follow = (): void => setPlace(here())
    window.addEventListener('popstate', follow)
    window.addEventListener(MOVED, follow)
    return () => {
      window.removeEventListener('popstate', follow)
      window.removeEventListener(MOVED, follow)
    }
  }, [])
  return place
}

/** Goes to another address of this page. `replace`: going back skips this one. */
export function goTo(address: string, replace = false): void {
  if (replace) window.history.replaceState(null, '', address)
  else window.history.pushState(null, '', address)
  window.dispatchEvent(new Event(MOVED))
}

/** The address of a trace, and of a hop in it. */
export function traceAddress(of: string, hop?: string): string {
  return `/trace/${encodeURIComponent(of)}${hop === undefined ? '' : `?hop=${encodeURIComponent(hop)}`}`
}

interface LinkProps {
  readonly to: string
  readonly class?: string
  readonly current?: boolean
  readonly children: ComponentChildren
}

/** A link within the page. Keys and buttons for new tabs keep their meaning. */
export function Link({ to, current = false, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    goTo(to)
  }
  return (
    <a href={to} onClick={follow} {...(current ? { 'aria-current': 'page' as const } : {})} {...rest}>
      {children}
    </a>
  )
}
