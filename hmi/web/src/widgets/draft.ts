/** A layout as a person puts it together, before it is sent. Sizes in millimetres on the finished cloth. */
import type { Layout, Mark } from '@/api/types'

export const KINDS = ['straight', 'half-drop', 'brick', 'drop'] as const
export const MIRRORS = ['none', 'columns', 'rows', 'both', 'turned'] as const
export const MARKS_BY_THE_METRE: readonly Mark[] = ['header', 'metres', 'codes', 'colour-bar', 'nozzle-bars', 'cut-lines']
export const MARKS_BY_THE_PIECE: readonly Mark[] = ['crop-ticks', 'centre-crosses', 'codes']

export interface Draft {
  by: 'metre' | 'piece'
  kind: (typeof KINDS)[number]
  /** Of drop and brick: a fraction like 1/3 or a length like 120mm. */
  drop: string
  mirror: (typeof MIRRORS)[number]
  lengthM: number | ''
  widthMm: number | ''
  pieces: number | ''
  pieceWidthMm: number | ''
  pieceHeightMm: number | ''
  gutterMm: number | ''
  hemMm: number | ''
  marks: Mark[]
}

export function emptyDraft(): Draft {
  return {
    by: 'metre', kind: 'straight', drop: '1/2', mirror: 'none', lengthM: 10, widthMm: '',
    pieces: 10, pieceWidthMm: '', pieceHeightMm: '', gutterMm: 20, hemMm: 0, marks: [],
  }
}

export function repeatText(draft: Draft): string {
  return draft.kind === 'drop' || draft.kind === 'brick' ? `${draft.kind}:${draft.drop.replaceAll(' ', '')}` : draft.kind
}

/** What is sent: only what differs from the defaults of the server. */
export function layoutOf(draft: Draft): Partial<Layout> {
  if (draft.by === 'piece') {
    const gutter = Number(draft.gutterMm) || 0
    return {
      pieces: Number(draft.pieces), piece_mm: [Number(draft.pieceWidthMm), Number(draft.pieceHeightMm)],
      gutter_mm: [gutter, gutter], hem_mm: Number(draft.hemMm) || 0,
      marks: draft.marks.filter((mark) => MARKS_BY_THE_PIECE.includes(mark)),
    }
  }
  return {
    repeat: repeatText(draft), mirror: draft.mirror, width_mm: Number(draft.widthMm) || null,
    marks: draft.marks.filter((mark) => MARKS_BY_THE_METRE.includes(mark)),
  }
}
