import { graphlib, layout } from '@dagrejs/dagre'
import { useMemo } from 'preact/hooks'
import { formatDuration } from '../../src/model/format.js'
import type { MapEdge, ServiceMap } from '../../src/server/service-map.js'

const BOX = { width: 150, height: 52 }
const LABEL = { width: 120, height: 30 }

/** The services as boxes from left to right, each before what it calls. The table below it says the same in words. */
export function MapPicture({ map }: { readonly map: ServiceMap }) {
  const drawn = useMemo(() => drawing(map), [map])
  const most = Math.max(1, ...map.edges.map(({ calls }) => calls))
  return (
    <div class="map" tabIndex={0} role="region" aria-label="Map of services">
      <svg
        width={drawn.width}
        height={drawn.height}
        role="img"
        aria-label="Which service calls which; the table has the numbers"
      >
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
            markerUnits="userSpaceOnUse"
          >
            <path d="M0 0L8 4L0 8z" class="arrow" />
          </marker>
        </defs>
        {drawn.edges.map(({ edge, points, x, y }) => (
          <g key={`${edge.from} ${edge.to}`}>
            <path
              d={`M${points.map(({ x: px, y: py }) => `${px} ${py}`).join('L')}`}
              class={edge.errors > 0 ? 'edge bad' : 'edge'}
              stroke-width={1 + (3 * edge.calls) / most}
              marker-end="url(#arrow)"
            />
            <text x={x} y={y - 3} text-anchor="middle" class="edge-label">
              {edge.calls}
              {edge.errors > 0 ? `, ${edge.errors} ✗` : ''}
            </text>
            <text x={x} y={y + 11} text-anchor="middle" class="edge-label faint">
              {formatDuration(edge.p50Micros)} · {formatDuration(edge.p99Micros)}
            </text>
          </g>
        ))}
        {drawn.boxes.map(({ name, x, y, hops, errors, isTraced }) => (
          <g key={name} transform={`translate(${x - BOX.width / 2} ${y - BOX.height / 2})`}>
            <rect
              width={BOX.width}
              height={BOX.height}
              rx="6"
              class={`box${errors > 0 ? ' bad' : ''}${isTraced ? '' : ' foreign'}`}
            />
            <text x={BOX.width / 2} y="21" text-anchor="middle" class="box-name">
              {short(name)}
            </text>
            <text x={BOX.width / 2} y="39" text-anchor="middle" class="edge-label faint">
              {isTraced ? `${hops} hops${errors > 0 ? `, ${errors} ✗` : ''}` : 'not traced'}
            </text>
          </g>
        ))}
      </svg>
    </div>
  )
}

interface Drawing {
  readonly width: number
  readonly height: number
  readonly boxes: readonly {
    name: string
    x: number
    y: number
    hops: number
    errors: number
    isTraced: boolean
  }[]
  readonly edges: readonly {
    edge: MapEdge
    points: readonly { x: number; y: number }[]
    x: number
    y: number
  }[]
}

function drawing(map: ServiceMap): Drawing {
  const graph = new graphlib.Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 24, ranksep: 60, marginx: 8, marginy: 16 })
  const nodes = new Map(map.nodes.map((node) => [node.service, node]))
  for (const name of new Set([...nodes.keys(), ...map.edges.flatMap(({ from, to }) => [from, to])]))
    graph.setNode(name, { ...BOX })
  for (const { from, to } of map.edges) graph.setEdge(from, to, { ...LABEL, labelpos: 'c' })
  layout(graph)
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    boxes: graph.nodes().map((name) => {
      const { x, y } = graph.node(name) as { x: number; y: number }
      const node = nodes.get(name)
      return { name, x, y, hops: node?.hops ?? 0, errors: node?.errors ?? 0, isTraced: node !== undefined }
    }),
    edges: map.edges.map((edge) => {
      const { points, x, y } = graph.edge(edge.from, edge.to) as {
        points: { x: number; y: number }[]
        x: number
        y: number
      }
      return { edge, points, x, y }
    }),
  }
}

function short(name: string): string {
  return name.length > 20 ? `${name.slice(0, 19)}…` : name
}
