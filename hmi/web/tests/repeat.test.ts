import { describe, expect, it } from 'vitest'
import { emptyDraft, layoutOf, type Draft } from '@/widgets/draft'
import { fit, marks, naturalWidthMm, pieces, rulerStep, shiftOf, tiles } from '@/widgets/repeat'

const way = (kind: Draft['kind'], drop = '', mirror: Draft['mirror'] = 'none') => ({ kind, drop, mirror })

describe('tiles', () => {
  it('cover the whole area in a straight repeat', () => {
    const all = tiles(1000, 500, 300, 200, way('straight'))
    expect(all).toHaveLength(4 * 3)
    expect(all.at(-1)).toEqual({ x: 900, y: 400, width: 300, height: 200, flipX: false, flipY: false })
  })
  it('hang every second column half a repeat lower in a half-drop', () => {
    const all = tiles(600, 400, 300, 200, way('half-drop'))
    expect(all.filter((tile) => tile.x === 0).map((tile) => tile.y)).toEqual([0, 200])
    expect(all.filter((tile) => tile.x === 300).map((tile) => tile.y)).toEqual([-100, 100, 300])
  })
  it('shift every row by a part of the width, or by a length, in a brick', () => {
    const third = tiles(600, 600, 300, 200, way('brick', '1/3'))
    expect([0, 200, 400].map((y) => Math.round(Math.min(...third.filter((tile) => tile.y === y).map((tile) => tile.x))))).toEqual([0, -200, -100])
    expect(shiftOf('brick', '75 mm', 300, 200)).toBeCloseTo(0.25)
    expect(shiftOf('drop', '50mm', 300, 200)).toBeCloseTo(0.25)
  })
  it('are mirrored in turn', () => {
    const both = tiles(600, 400, 300, 200, way('straight', '', 'both'))
    expect(both.map((tile) => [tile.flipX, tile.flipY])).toEqual([[false, false], [false, true], [true, false], [true, true]])
    const turned = tiles(600, 200, 300, 200, way('straight', '', 'turned'))
    expect(turned.map((tile) => [tile.flipX, tile.flipY])).toEqual([[false, false], [true, true]])
  })
  it('leave no gap: every column reaches from above the start to past the end', () => {
    for (const one of [way('straight'), way('half-drop'), way('drop', '2/5'), way('drop', '-1/3'), way('drop', '33mm')]) {
      const all = tiles(950, 333, 120, 70, one)
      for (const tile of all) expect(tile.y).toBeGreaterThan(-70)
      for (const x of new Set(all.map((tile) => tile.x))) {
        const ys = all.filter((tile) => tile.x === x).map((tile) => tile.y)
        expect(ys[0]).toBeLessThanOrEqual(1e-9)
        expect((ys.at(-1) ?? 0) + 70).toBeGreaterThanOrEqual(333)
      }
    }
  })
  it('are none for a size or a drop that makes no sense', () => {
    expect(tiles(1000, 500, 0, 200, way('straight'))).toEqual([])
    expect(tiles(1000, 500, Number.NaN, 200, way('straight'))).toEqual([])
    for (const drop of ['', '1/0', 'half', '1/3mm']) expect(tiles(1000, 500, 300, 200, way('drop', drop))).toEqual([])
  })
})

describe('pieces', () => {
  it('lie in rows over the middle of the width, with gutter and hem between', () => {
    const all = pieces(1000, 2000, 400, 300, 20, 5, 3)
    expect(all.map((tile) => [tile.x, tile.y])).toEqual([[85, 15], [515, 15], [85, 345]])
  })
  it('are none where they do not fit', () => {
    expect(pieces(300, 2000, 400, 300, 20, 0, 3)).toEqual([])
  })
})

describe('what is sent', () => {
  it('is a repeat by the metre, or pieces with their own marks', () => {
    const draft: Draft = { ...emptyDraft(), kind: 'drop', drop: ' 1 / 3 ', widthMm: 320, marks: ['metres', 'crop-ticks'] }
    expect(layoutOf(draft)).toEqual({ repeat: 'drop:1/3', mirror: 'none', width_mm: 320, marks: ['metres'] })
    expect(layoutOf({ ...draft, by: 'piece', pieceWidthMm: 900, pieceHeightMm: 890, gutterMm: 25, hemMm: 10 })).toEqual({
      pieces: 10, piece_mm: [900, 890], gutter_mm: [25, 25], hem_mm: 10, marks: ['crop-ticks'],
    })
  })
})

describe('layout', () => {
  it('counts repeats over the width and the length', () => {
    expect(fit(1360, 10, 340, 1.25)).toEqual({ across: 4, along: 10_000 / 425, heightMm: 425 })
  })
  it('takes the size from the resolution of the file', () => {
    expect(naturalWidthMm(600, 300)).toBeCloseTo(50.8)
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
