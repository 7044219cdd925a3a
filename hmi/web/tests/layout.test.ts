import { describe, expect, it } from 'vitest'
import type { LayoutView } from '@/api/types'
import { lengthM, metreMarks, repeatBoxes, scaleBar, source, widthMm } from '@/widgets/layout'

const DPI = 600
const layout = (more: Partial<LayoutView> = {}): LayoutView => ({
  version: 'a1-b2-1', width_px: 12_000, total_rows: 24_000, period_rows: 6_000, dpi: DPI, mm_per_px: 25.4 / DPI, tile_px: 512,
  levels: 20, one_to_one: 15, repeat: { width_px: 5_000, height_px: 6_000, drop_px: 0 }, inks: [], price_per_l: 20, cost: 1,
  area: { limit_pct: 250, highest_pct: 240, near: 0, over: 0 }, legend: { coverage: [], near: '#000', over: '#000' }, notes: [],
  warnings: [], ...more,
})
/** The whole width in a window of 1200 pixels: ten rows and columns of the press in each. */
const WHOLE = { left: 0, top: 0, pxPerWidth: 1200 }
const WINDOW = { width: 1200, height: 1000 }

describe('source', () => {
  it('is as large as the finest level and names tiles by the version of the layout', () => {
    const made = source(7, layout(), 'limit')
    expect([made.width, made.height]).toEqual([12_000 * 16, 24_000 * 16])
    expect(made.url(3, 1, 2)).toBe('/api/v1/jobs/7/tiles/limit/3/1_2.jpg?v=a1-b2-1')
  })
})

describe('scale bar', () => {
  it('is round, fits, and speaks the unit in which it is at least 1', () => {
    expect(scaleBar(1.2, 140)).toEqual({ px: 120, value: 10, unit: 'cm' })
    expect(scaleBar(0.01, 140)).toEqual({ px: 100, value: 10, unit: 'm' })
    expect(scaleBar(30, 140)).toMatchObject({ value: 2, unit: 'mm' })
    expect(scaleBar(400, 140)).toMatchObject({ value: 200, unit: 'µm' })
    for (let zoom = 0.003; zoom < 900; zoom *= 1.37) {
      const bar = scaleBar(zoom, 140)
      expect(bar.px).toBeLessThanOrEqual(140.001)
      expect(bar.px).toBeGreaterThan(140 / 2.6)
      expect(bar.value).toBeGreaterThanOrEqual(1)
    }
  })
})

describe('ruler', () => {
  it('marks round metres that are in sight and on the cloth', () => {
    const marks = metreMarks({ ...WHOLE, top: -0.1 }, layout(), 1000, 200)
    expect(marks[0]?.y).toBeCloseTo(120)
    expect(marks.map((mark) => mark.m)).toEqual([0, 0.1, 0.2, 0.3])
    expect(marks[1]?.digits).toBe(1)
    expect(metreMarks({ ...WHOLE, top: 1.9 }, layout(), 1000, 100).at(-1)?.m).toBeLessThanOrEqual(lengthM(layout()))
  })
  it('gets finer with the zoom', () => {
    const close = metreMarks({ left: 0.5, top: 1, pxPerWidth: 192_000 }, layout(), 1000, 100)
    expect(close.length).toBeGreaterThan(4)
    expect(close[0]?.m).toBeCloseTo(widthMm(layout()) / 1000, 2)
    expect(close[0]?.digits).toBeGreaterThanOrEqual(3)
  })
})

describe('outlines', () => {
  it('cover the print, cut at its edge and at its end', () => {
    const boxes = repeatBoxes(WHOLE, layout(), { width: 1200, height: 3000 })
    expect(boxes).toHaveLength(3 * 4)
    expect(boxes[0]).toEqual({ x: 0, y: 0, width: 500, height: 600 })
    expect(boxes.at(-1)).toEqual({ x: 1000, y: 1800, width: 200, height: 600 })
  })
  it('hang lower from column to column', () => {
    const dropped = layout({ repeat: { width_px: 5_000, height_px: 6_000, drop_px: 2_000 } })
    const boxes = repeatBoxes(WHOLE, dropped, { width: 1200, height: 3000 })
    const tops = (x: number) => boxes.filter((box) => box.x === x).map((box) => box.y)
    expect(tops(0)).toEqual([0, 600, 1200, 1800])
    expect(tops(500)).toEqual([0, 200, 800, 1400, 2000])
    expect(tops(1000)).toEqual([0, 400, 1000, 1600, 2200])
    for (const x of [0, 500, 1000]) {
      const area = boxes.filter((box) => box.x === x).reduce((sum, box) => sum + box.height, 0)
      expect(area).toBeCloseTo(2400)
    }
  })
  it('are only those in sight, and none when they would be a mesh', () => {
    const near = repeatBoxes({ left: 0.9, top: 1, pxPerWidth: 12_000 }, layout(), WINDOW)
    expect(near.length).toBeLessThanOrEqual(2)
    expect(repeatBoxes({ left: 0, top: 0, pxPerWidth: 20 }, layout(), WINDOW)).toEqual([])
    expect(repeatBoxes(WHOLE, layout({ repeat: null }), WINDOW)).toEqual([])
  })
})
