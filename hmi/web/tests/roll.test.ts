import { describe, expect, it } from 'vitest'
import { boxOn, extent, outline } from '@/widgets/roll'
import { finding, piece, strip } from './fixtures'

describe('a finding on a strip', () => {
  it('of a spot stands around its centre', () => {
    const box = boxOn({ ...strip(0), cloth_m: 1, length_m: 0.2 }, finding(1, { at_m: 1.1, x_mm: 680, length_mm: 20, width_mm: 13.6 }), 1360)
    expect(box?.top).toBeCloseTo(45)
    expect(box?.height).toBeCloseTo(10)
    expect(box?.left).toBeCloseTo(49.5)
    expect(box?.width).toBeCloseTo(1)
  })
  it('of a streak begins where it begins and is cut at the end of the strip', () => {
    const streak = finding(1, { cls: 'streak', at_m: 1.1, length_mm: 500 })
    expect(extent(streak)).toMatchObject({ fromM: 1.1, toM: 1.6 })
    const box = boxOn({ ...strip(0), cloth_m: 1, length_m: 0.2 }, streak, 1360)
    expect(box?.top).toBeCloseTo(50)
    expect(box?.height).toBeCloseTo(50)
  })
  it('is none on the strips before and after', () => {
    const spot = finding(1, { at_m: 1.1 })
    expect(boxOn({ ...strip(0), cloth_m: 0.8, length_m: 0.2 }, spot, 1360)).toBeNull()
    expect(boxOn({ ...strip(0), cloth_m: 1.2, length_m: 0.2 }, spot, 1360)).toBeNull()
  })
})

describe('a piece on the roll map', () => {
  const along = (m: number) => 40 + 100 * m
  const across = (mm: number) => mm / 10
  it('is a box with its name', () => {
    expect(outline(piece('silk 1', { at_m: 1, x_mm: 200 }), along, across)).toMatchObject({ x: 140, y: 20, width: 90, height: 90, named: true })
  })
  it('has no name where there is no room', () => {
    expect(outline(piece('a very long name of a piece'), along, across)?.named).toBe(false)
  })
  it('is left out where it would be a smear', () => {
    expect(outline(piece('a', { length_mm: 20 }), along, across)).toBeNull()
  })
})
