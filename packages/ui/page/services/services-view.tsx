import type { InstanceView } from '../../src/model/instance-view.js'
import type { ServiceMap } from '../../src/server/service-map.js'
import { useEffect, useState } from 'preact/hooks'
import { formatAgo, formatDuration } from '../../src/model/format.js'
import { askFor } from '../api.js'
import { goTo, Link, useLocation } from '../location.js'
import { Failure } from '../parts.js'
import { MapPicture } from './map-picture.js'

const SPANS = [
  ['600000', 'last 10 minutes'],
  ['3600000', 'last hour'],
  ['86400000', 'last day'],
] as const

/** Which services call which, and the instances of each. */
export function ServicesView() {
  const { parameters } = useLocation()
  const span = parameters.get('span') ?? '600000'
  const [map, setMap] = useState<ServiceMap>()
  const [instances, setInstances] = useState<{
    readonly instances: readonly InstanceView[]
    readonly unread: readonly string[]
  }>()
  const [error, setError] = useState<Error>()
  const [times, setTimes] = useState(0)
  useEffect(() => {
    const abort = new AbortController()
    const to = Date.now()
    setMap(undefined)
    setError(undefined)
    const failed = (cause: Error): void => {
      if (!abort.signal.aborted) setError(cause)
    }
    const millis = Number(span) > 0 ? Number(span) : 600_000
    askFor<ServiceMap>('map', { from: String(to - millis), to: String(to) }, abort.signal).then(
      setMap,
      failed,
    )
    askFor<NonNullable<typeof instances>>('instances', {}, abort.signal).then(setInstances, failed)
    return () => abort.abort()
  }, [span, times])
  return (
    <>
      <h1>Services</h1>
      <label class="bar">
        Time
        <select
          value={span}
          onChange={(event) => goTo(`/services?span=${(event.currentTarget as HTMLSelectElement).value}`)}
        >
          {SPANS.map(([millis, label]) => (
            <option key={millis} value={millis}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {error !== undefined && <Failure error={error} onAgain={() => setTimes(times + 1)} />}
      {map === undefined ? error === undefined && <p role="status">Reading …</p> : <MapSection map={map} />}
      {instances !== undefined && <Instances {...instances} />}
    </>
  )
}

function MapSection({ map }: { readonly map: ServiceMap }) {
  if (map.nodes.length === 0) return <p class="empty">No service did anything in this time.</p>
  return (
    <>
      <MapPicture map={map} />
      {map.partial.map(({ service, because }) => (
        <p key={service} class="note">
          {service}: {because}
        </p>
      ))}
      {map.nodes.map(({ service, shed }) =>
        shed === 0 ? null : (
          <p key={service} class="note">
            {service}: {shed} events or attributes were left out under pressure
          </p>
        ),
      )}
      <h2>Calls</h2>
      <div class="list" tabIndex={0} role="region" aria-label="Calls">
        <table>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col" class="number">
                Calls
              </th>
              <th scope="col" class="number">
                Errors
              </th>
              <th scope="col" class="number">
                p50
              </th>
              <th scope="col" class="number">
                p99
              </th>
            </tr>
          </thead>
          <tbody>
            {map.edges.map(({ from, to, isTraced, calls, errors, p50Micros, p99Micros }) => (
              <tr key={`${from} ${to}`}>
                <td>
                  <Link to={`/?${new URLSearchParams({ service: from, last: '1h' })}`}>{from}</Link>
                </td>
                <td>{isTraced ? to : `${to}, not traced`}</td>
                <td class="number">{calls}</td>
                <td class={errors > 0 ? 'number bad' : 'number'}>{errors}</td>
                <td class="number">{formatDuration(p50Micros)}</td>
                <td class="number">{formatDuration(p99Micros)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function Instances({
  instances,
  unread,
}: {
  readonly instances: readonly InstanceView[]
  readonly unread: readonly string[]
}) {
  const [isAll, setAll] = useState(false)
  const now = Date.now()
  const alive = instances.filter(({ state }) => state === 'running')
  const shown = (isAll ? instances : alive).toSorted((a, b) =>
    a.service < b.service ? -1 : a.service > b.service ? 1 : a.startTime < b.startTime ? 1 : -1,
  )
  return (
    <>
      <h2>Instances</h2>
      {unread.map((why) => (
        <p key={why} class="failure">
          {why}
        </p>
      ))}
      <div class="list" tabIndex={0} role="region" aria-label="Instances">
        <table>
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">Instance</th>
              <th scope="col">State</th>
              <th scope="col">Heartbeat</th>
              <th scope="col">Shipped through</th>
              <th scope="col" class="number">
                Lost records
              </th>
              <th scope="col">Host</th>
              <th scope="col" class="number">
                Process
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr key={`${one.instance} ${one.worker} ${one.startTime}`}>
                <td>{one.service}</td>
                <td>
                  {one.instance}
                  {one.worker > 0 ? `#${one.worker}` : ''}
                </td>
                <td class={one.alive ? 'good' : one.state === 'running' ? 'bad' : ''}>
                  {one.alive ? '● running' : one.state === 'running' ? '○ silent' : one.state}
                </td>
                <td>{formatAgo(Date.parse(one.heartbeatTime), now)}</td>
                <td>
                  {one.shippedThrough === null
                    ? 'nothing yet'
                    : formatAgo(Date.parse(one.shippedThrough), now)}
                </td>
                <td class={one.dropped > 0 ? 'number bad' : 'number'}>{one.dropped}</td>
                <td>{one.host}</td>
                <td class="number">{one.pid}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {instances.length > alive.length && (
        <button type="button" onClick={() => setAll(!isAll)}>
          {isAll
            ? 'Show running instances only'
            : `Show ${instances.length - alive.length} runs that have ended`}
        </button>
      )}
    </>
  )
}
