declare module 'parse-prometheus-text-format' {
  /** The families of a text in Prometheus's format. Throws for what is none. */
  export default function parse(text: string): readonly unknown[]
}
