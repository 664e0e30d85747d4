import { useEffect, useRef } from 'preact/hooks'

/** Acts on single keys, unless the person types into a field or uses a key of the browser. */
export function useKeys(actions: Readonly<Record<string, () => void>>): void {
  const latest = useRef(actions)
  latest.current = actions
  useEffect(() => {
    const act = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      const target = event.target as HTMLElement
      if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return
      // A button or a link takes Enter and the space bar itself.
      if (event.key === 'Enter' && /^(BUTTON|A|SUMMARY)$/.test(target.tagName)) return
      const action = latest.current[event.key]
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    document.addEventListener('keydown', act)
    return () => document.removeEventListener('keydown', act)
  }, [])
}
