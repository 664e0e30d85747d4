import type { NumberColumn } from './number-column.js'

/** A column that belongs to one attribute or key: its texts or its numbers. */
export interface ValueColumn {
  readonly type: number
  readonly texts: string[]
  readonly numbers: NumberColumn
}

/**
 * One symbol of a shape. Records of one route share nearly all of what they say (methods, targets, names, outcomes), in the
 * same order: a record is therefore a path from the root of a tree, and what is stored of it is the number of its leaf.
 * The child last taken is kept apart: it is nearly always the next one too, and comparing is cheaper than hashing.
 */
export class ShapeNode {
  readonly code: number
  readonly parent: ShapeNode | undefined
  /** The shape that ends here, or -1. */
  shape = -1
  /** What a record of the shape that ends here adds to the values of a segment, see `sizeOf`. */
  size = 0
  /** The column of the value that this symbol announces. */
  column: ValueColumn | undefined
  #lastKey: string | number | null | undefined
  #last: ShapeNode | undefined
  #children: Map<string | number | null, ShapeNode> | undefined

  constructor(code: number, parent: ShapeNode | undefined) {
    this.code = code
    this.parent = parent
  }

  /** The child for a number. */
  number(value: number): ShapeNode {
    if (this.#lastKey === value) return this.#last as ShapeNode
    return this.#known(value) ?? this.#add(value, value)
  }

  /** The child for a text or null; `strings` gives its number when it is new. */
  text(value: string | null, strings: Map<string, number>): ShapeNode {
    if (this.#lastKey === value) return this.#last as ShapeNode
    const known = this.#known(value)
    if (known !== undefined) return known
    if (value === null) return this.#add(null, 0)
    let code = strings.get(value)
    if (code === undefined) strings.set(value, (code = strings.size + 1))
    return this.#add(value, code)
  }

  /** The symbols from the root to here. */
  symbols(): number[] {
    if (this.parent === undefined) return []
    const codes = [this.code]
    for (let node = this.parent; node.parent !== undefined; node = node.parent) codes.push(node.code)
    return codes.reverse()
  }

  #known(key: string | number | null): ShapeNode | undefined {
    const child = this.#children?.get(key)
    if (child !== undefined) {
      this.#lastKey = key
      this.#last = child
    }
    return child
  }

  #add(key: string | number | null, code: number): ShapeNode {
    const child = new ShapeNode(code, this)
    this.#children ??= new Map()
    this.#children.set(key, child)
    this.#lastKey = key
    this.#last = child
    return child
  }
}
