/** Where findings stand, for the roll map and for the boxes on the camera strips. Pure. */
import type { FindingView, StripView } from '@/api/types'

export interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** A streak is told by where it begins, everything else by its centre. Metres along the web, millimetres across. */
export function extent(finding: FindingView): { fromM: number; toM: number; leftMm: number; rightMm: number } {
  const length = finding.length_mm / 1000
  const fromM = finding.cls === 'streak' ? finding.at_m : finding.at_m - length / 2
  return { fromM, toM: fromM + length, leftMm: finding.x_mm - finding.width_mm / 2, rightMm: finding.x_mm + finding.width_mm / 2 }
}

/** The part of a finding that lies on a strip, in percent of the strip, or null. */
export function boxOn(strip: StripView, finding: FindingView, printWidthMm: number): Box | null {
  const { fromM, toM, leftMm, rightMm } = extent(finding)
  const top = Math.max(0, (fromM - strip.at_m) / strip.length_m)
  const bottom = Math.min(1, (toM - strip.at_m) / strip.length_m)
  if (bottom <= 0 || top >= 1 || bottom < top) return null
  return {
    left: (100 * leftMm) / printWidthMm,
    top: 100 * top,
    width: (100 * (rightMm - leftMm)) / printWidthMm,
    height: 100 * (bottom - top),
  }
}
