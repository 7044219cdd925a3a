import { describe, expect, it } from 'vitest'
import { fit, marks, naturalWidthMm, rulerStep, tiles } from '@/widgets/repeat'

describe('tiles', () => {
  it('cover the whole area in a straight repeat', () => {
    const all = tiles(1000, 500, 300, 200, 'straight')
    expect(all).toHaveLength(4 * 3)
    expect(all.at(-1)).toEqual({ x: 900, y: 400, width: 300, height: 200 })
  })
  it('hang every second column half a repeat lower in a half-drop', () => {
    const all = tiles(600, 400, 300, 200, 'half-drop')
    expect(all.filter((tile) => tile.x === 0).map((tile) => tile.y)).toEqual([0, 200])
    expect(all.filter((tile) => tile.x === 300).map((tile) => tile.y)).toEqual([-100, 100, 300])
  })
  it('leave no gap: every column reaches from above the start to past the end', () => {
    for (const repeat of ['straight', 'half-drop'] as const) {
      for (const tile of tiles(950, 333, 120, 70, repeat)) expect(tile.y).toBeGreaterThan(-70)
      const columns = new Set(tiles(950, 333, 120, 70, repeat).map((tile) => tile.x))
      for (const x of columns) {
        const ys = tiles(950, 333, 120, 70, repeat).filter((tile) => tile.x === x).map((tile) => tile.y)
        expect(ys[0]).toBeLessThanOrEqual(0)
        expect((ys.at(-1) ?? 0) + 70).toBeGreaterThanOrEqual(333)
      }
    }
  })
  it('are none for a size that makes no sense', () => {
    expect(tiles(1000, 500, 0, 200, 'straight')).toEqual([])
    expect(tiles(1000, 500, Number.NaN, 200, 'straight')).toEqual([])
  })
})

describe('layout', () => {
  it('counts repeats over the width and the length', () => {
    expect(fit(1360, 10, 340, 1.25)).toEqual({ across: 4, along: 10_000 / 425, heightMm: 425 })
  })
  it('takes the size from the resolution of the file, or assumes one', () => {
    expect(naturalWidthMm(600, 300)).toBeCloseTo(50.8)
    expect(naturalWidthMm(600, null)).toBeCloseTo(101.6)
  })
})

describe('ruler', () => {
  it('steps by 1, 2 or 5', () => {
    expect(rulerStep(8, 10)).toBe(1)
    expect(rulerStep(1400, 5)).toBe(500)
    expect(rulerStep(0.4, 5)).toBeCloseTo(0.1)
  })
  it('marks both ends when the step fits', () => {
    expect(marks(0.3, 5)).toEqual([0, 0.1, 0.2, 0.3])
    expect(marks(8, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })
})
