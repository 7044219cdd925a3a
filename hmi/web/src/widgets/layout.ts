/** Geometry of a layout's picture: addresses of its tiles, scale bar, ruler, outlines of the repeats. Pure. */
import type { LayoutView, TileViewName } from '@/api/types'
import type { DeepZoomSource, Sight } from '@/ui/deepzoom'
import { rulerStep } from './repeat'

export const widthMm = (layout: LayoutView): number => layout.width_px * layout.mm_per_px
export const lengthM = (layout: LayoutView): number => (layout.total_rows * layout.mm_per_px) / 1000

export function source(jobId: number, layout: LayoutView, view: TileViewName): DeepZoomSource {
  const magnified = 2 ** (layout.levels - 1 - layout.one_to_one)
  return {
    width: layout.width_px * magnified,
    height: layout.total_rows * magnified,
    tilePx: layout.tile_px,
    levels: layout.levels,
    url: (level, column, row) => `/api/v1/jobs/${jobId}/tiles/${view}/${level}/${column}_${row}.jpg?v=${layout.version}`,
  }
}

export interface Bar {
  px: number
  value: number
  unit: 'µm' | 'mm' | 'cm' | 'm'
}

const UNITS = [
  ['m', 1000],
  ['cm', 10],
  ['mm', 1],
  ['µm', 0.001],
] as const

/** A round length that fits into so many pixels, in the unit in which it is at least 1. */
export function scaleBar(pxPerMm: number, mostPx: number): Bar {
  const most = mostPx / pxPerMm
  const power = 10 ** Math.floor(Math.log10(most))
  const mm = power * ([5, 2, 1].find((step) => step * power <= most) ?? 1)
  const [unit, inMm] = UNITS.find(([, size]) => mm >= size * 0.999) ?? UNITS[3]
  return { px: mm * pxPerMm, value: Number((mm / inMm).toPrecision(3)), unit }
}

export interface Mark {
  y: number
  m: number
  digits: number
}

/** Marks of the metre ruler in a window of that height: at least `apart` pixels between two, none off the cloth. */
export function metreMarks(sight: Sight, layout: LayoutView, heightPx: number, apart: number): Mark[] {
  const pxPerM = (sight.pxPerWidth / widthMm(layout)) * 1000
  if (!(pxPerM > 0)) return []
  const step = rulerStep(heightPx / pxPerM, Math.max(1, Math.floor(heightPx / apart)))
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))
  const topM = (sight.top * widthMm(layout)) / 1000
  const marks: Mark[] = []
  const last = Math.min(topM + heightPx / pxPerM, lengthM(layout))
  for (let index = Math.max(0, Math.ceil(topM / step)); index * step <= last; index += 1) {
    const m = Number((index * step).toPrecision(12))
    marks.push({ y: (m - topM) * pxPerM, m, digits })
  }
  return marks
}

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

const SMALLEST_PX = 14

/** The repeats that are in sight, in pixels of the window; none when they would be smaller than a fingertip's tenth. */
export function repeatBoxes(sight: Sight, layout: LayoutView, window: { width: number; height: number }): Box[] {
  const scale = sight.pxPerWidth / layout.width_px
  const repeat = layout.repeat
  if (!repeat || repeat.width_px * scale < SMALLEST_PX || repeat.height_px * scale < SMALLEST_PX) return []
  const [left, top] = [-sight.left * sight.pxPerWidth, -sight.top * sight.pxPerWidth]
  const boxes: Box[] = []
  const firstColumn = Math.max(0, Math.floor(-left / (repeat.width_px * scale)))
  for (let column = firstColumn; column * repeat.width_px < layout.width_px; column += 1) {
    const from = column * repeat.width_px
    const x = left + from * scale
    if (x > window.width) break
    const width = Math.min(repeat.width_px, layout.width_px - from) * scale
    const drop = (column * repeat.drop_px) % repeat.height_px
    const firstRow = Math.max(drop > 0 ? -1 : 0, Math.floor((-top / scale - drop) / repeat.height_px))
    for (let row = firstRow; row * repeat.height_px + drop < layout.total_rows; row += 1) {
      const begin = Math.max(0, row * repeat.height_px + drop)
      const end = Math.min(layout.total_rows, (row + 1) * repeat.height_px + drop)
      const y = top + begin * scale
      if (y > window.height) break
      boxes.push({ x, y, width, height: (end - begin) * scale })
    }
  }
  return boxes
}
