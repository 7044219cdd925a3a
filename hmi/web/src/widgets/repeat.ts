/** Geometry of a layout on cloth, in millimetres from the left edge of the print and the start of the cloth. */
import type { Draft } from './draft'

export interface Tile {
  x: number
  y: number
  width: number
  height: number
  flipX: boolean
  flipY: boolean
}

/** The shift of a repeat as a part of the tile it is counted along; null if the text is neither x/n nor a length. */
export function shiftOf(kind: Draft['kind'], drop: string, width: number, height: number): number | null {
  if (kind === 'straight') return 0
  if (kind === 'half-drop') return 0.5
  const text = drop.replaceAll(' ', '')
  const fraction = /^([+-]?\d{1,6})\/(\d{1,6})$/.exec(text)
  if (fraction) return Number(fraction[2]) > 0 ? Number(fraction[1]) / Number(fraction[2]) : null
  const length = /^([+-]?\d{1,6}(?:\.\d{1,6})?)mm$/.exec(text)
  return length ? Number(length[1]) / (kind === 'brick' ? width : height) : null
}

const part = (value: number): number => value - Math.floor(value)

/** All tiles of a repeat that touch the area: columns that drop, or rows that shift; mirrored in turn. */
export function tiles(
  areaWidth: number, areaLength: number, width: number, height: number, draft: Pick<Draft, 'kind' | 'drop' | 'mirror'>,
): Tile[] {
  const shift = shiftOf(draft.kind, draft.drop, width, height)
  if (shift === null || !(width > 0 && height > 0 && areaWidth > 0 && areaLength > 0)) return []
  const across = draft.kind === 'brick'
  const found: Tile[] = []
  const lanes = across ? Math.ceil(areaLength / height) : Math.ceil(areaWidth / width)
  for (let lane = 0; lane < lanes; lane += 1) {
    const offset = part(lane * shift)
    const first = offset > 1e-9 ? -1 : 0
    for (let at = first; ; at += 1) {
      const x = across ? (at + offset) * width : lane * width
      const y = across ? lane * height : (at + offset) * height
      if (across ? x >= areaWidth : y >= areaLength) break
      const [column, row] = across ? [at - first, lane] : [lane, at - first]
      const turned = draft.mirror === 'turned' && lane % 2 === 1
      found.push({
        x, y, width, height,
        flipX: turned || (['columns', 'both'].includes(draft.mirror) && column % 2 === 1),
        flipY: turned || (['rows', 'both'].includes(draft.mirror) && row % 2 === 1),
      })
    }
  }
  return found
}

/** Pieces in rows over the print's width, centred, as many as were ordered and touch the area. */
export function pieces(
  areaWidth: number, areaLength: number, width: number, height: number, gutter: number, hem: number, count: number,
): Tile[] {
  const [wide, high] = [width + 2 * hem, height + 2 * hem]
  const across = Math.min(count, Math.floor((areaWidth + gutter) / (wide + gutter)))
  if (!(across > 0 && width > 0 && height > 0)) return []
  const left = (areaWidth - across * (wide + gutter) + gutter) / 2
  const found: Tile[] = []
  for (let number = 0; number < count; number += 1) {
    const y = gutter / 2 + Math.floor(number / across) * (high + gutter)
    if (y >= areaLength) break
    const x = left + (number % across) * (wide + gutter)
    found.push({ x: x + hem, y: y + hem, width, height, flipX: false, flipY: false })
  }
  return found
}

export interface Fit {
  across: number
  along: number
  heightMm: number
}

/** How often the repeat fits on the print's width and on the ordered length. */
export function fit(printWidthMm: number, lengthM: number, widthMm: number, aspect: number): Fit {
  const heightMm = widthMm * aspect
  return { across: printWidthMm / widthMm, along: (lengthM * 1000) / heightMm, heightMm }
}

/** Physical width of a picture by the resolution that its file states. */
export function naturalWidthMm(widthPx: number, dpi: number): number {
  return (widthPx / dpi) * 25.4
}

/** A step for the marks of a ruler: 1, 2 or 5 times a power of ten, at most `most` marks. */
export function rulerStep(length: number, most: number): number {
  if (!(length > 0)) return 1
  const rough = length / Math.max(1, most)
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 5, 10].find((step) => step * power >= rough) ?? 10
  return factor * power
}

export function marks(length: number, most: number): number[] {
  const step = rulerStep(length, most)
  const count = Math.floor(length / step + 1e-9)
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)))
}
