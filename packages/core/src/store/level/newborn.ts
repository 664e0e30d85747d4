import { isMissing, pathOf, readFileSync } from '../../files/index.js'
import { damagedStore } from './damage.js'
import { maxManifestBytes, readManifest } from './manifest.js'
import { filePlace, manifestPlace } from './names.js'

/**
 * Is a writer's directory without a head one that was never written to? Its writer is about to begin, or ended before it did. A
 * head is made last.
 */
export function isNewborn(dir: string, writer: string): boolean {
  const place = manifestPlace(dir, writer)
  try {
    const manifest = readManifest(writer, readFileSync(place, { maxBytes: maxManifestBytes }).toString())
    if (manifest === undefined) throw damagedStore(`${pathOf(place)} is not as it was written`)
    if (manifest.generation !== 1) return false
    return readFileSync(filePlace(dir, writer, manifest.append, 'append'), { maxBytes: 0 }).length === 0
  } catch (error) {
    if (isMissing(error)) return true
    if ((error as { code?: unknown }).code === 'EFBIG') return false
    throw error
  }
}
