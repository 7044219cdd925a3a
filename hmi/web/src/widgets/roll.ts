/** Where findings stand, for the roll map and for the boxes on the camera strips. Pure. */
import type { FindingView, PieceView, StripView } from '@/api/types'

export interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** A streak is told by where it begins, everything else by its centre. Metres along the cloth, millimetres across. */
export function extent(finding: FindingView): { fromM: number; toM: number; leftMm: number; rightMm: number } {
  const length = finding.length_mm / 1000
  const fromM = finding.cls === 'streak' ? finding.cloth_m : finding.cloth_m - length / 2
  return { fromM, toM: fromM + length, leftMm: finding.x_mm - finding.width_mm / 2, rightMm: finding.x_mm + finding.width_mm / 2 }
}

/** The part of a finding that lies on a strip, in percent of the strip, or null. */
export function boxOn(strip: StripView, finding: FindingView, printWidthMm: number): Box | null {
  const { fromM, toM, leftMm, rightMm } = extent(finding)
  const top = Math.max(0, (fromM - strip.cloth_m) / strip.length_m)
  const bottom = Math.min(1, (toM - strip.cloth_m) / strip.length_m)
  if (bottom <= 0 || top >= 1 || bottom < top) return null
  return {
    left: (100 * leftMm) / printWidthMm,
    top: 100 * top,
    width: (100 * (rightMm - leftMm)) / printWidthMm,
    height: 100 * (bottom - top),
  }
}

export interface Outline {
  piece: PieceView
  x: number
  y: number
  width: number
  height: number
  /** Whether its name has room within. */
  named: boolean
}

const LEAST_PX = 3
const LETTER_PX = 6.5 // of figures and letters at the map's 11 px, on average
const LINE_PX = 16

/** A piece on the roll map, in pixels; null where it would be a smear. */
export function outline(piece: PieceView, along: (m: number) => number, across: (mm: number) => number): Outline | null {
  const x = along(piece.cloth_m)
  const y = across(piece.x_mm)
  const width = along(piece.cloth_m + piece.length_mm / 1000) - x
  const height = across(piece.x_mm + piece.width_mm) - y
  if (width < LEAST_PX || height < LEAST_PX) return null
  return { piece, x, y, width, height, named: width >= LETTER_PX * piece.name.length + 8 && height >= LINE_PX }
}
