/** Geometry of a repeat on cloth, in millimetres from the left edge of the print and the start of the cloth. */
import type { Repeat } from '@/api/types'

export interface Tile {
  x: number
  y: number
  width: number
  height: number
}

/** All tiles that touch the area; in a half-drop every second column hangs half a repeat lower. */
export function tiles(areaWidth: number, areaLength: number, width: number, height: number, repeat: Repeat): Tile[] {
  if (!(width > 0 && height > 0 && areaWidth > 0 && areaLength > 0)) return []
  const found: Tile[] = []
  for (let column = 0; column * width < areaWidth; column += 1) {
    const drop = repeat === 'half-drop' && column % 2 === 1 ? height / 2 - height : 0
    for (let y = drop; y < areaLength; y += height) found.push({ x: column * width, y, width, height })
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

/** Physical width of a picture: what its file states, or what is assumed when it states nothing. */
export const ASSUMED_DPI = 150
export function naturalWidthMm(widthPx: number, dpi: number | null): number {
  return (widthPx / (dpi ?? ASSUMED_DPI)) * 25.4
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
