/** A trace as the page shows it: what is of all stages, then stage by stage, then people who did something for the whole. */
import { STAGES, type LotView, type Stage, type TouchView, type TraceView } from '@/api/types'

export interface StageTouches {
  stage: Stage
  machine: string
  goods: TouchView[]
  people: TouchView[]
}
export interface Origins {
  whole: TouchView[]
  stages: StageTouches[]
  people: TouchView[]
}

export function originsOf({ origins }: Pick<TraceView, 'origins'>): Origins {
  const person = (one: TouchView) => one.kind === 'person'
  const stages = STAGES.map((stage) => ({ stage, all: origins.filter((one) => one.stage === stage) }))
  return {
    whole: origins.filter((one) => one.stage === '' && !person(one)),
    stages: stages.filter(({ all }) => all.length > 0).map(({ stage, all }) => ({
      stage,
      machine: all.find((one) => one.kind === 'machine')?.name ?? '',
      goods: all.filter((one) => one.kind !== 'machine' && !person(one)),
      people: all.filter(person),
    })),
    people: origins.filter((one) => one.stage === '' && person(one)),
  }
}

/** What a lot's label says besides its name. */
export function labelOf(lots: readonly LotView[], name: string | null): string {
  const lot = lots.find((one) => one.name === name)
  return lot ? [lot.material, [lot.supplier, lot.supplier_lot].filter(Boolean).join(' ')].filter(Boolean).join(', ') : ''
}

/** Whether a touch lies over all the metres that were asked about. */
export const isWhole = (one: TouchView, trace: Pick<TraceView, 'from_m' | 'to_m'>): boolean =>
  one.from_m <= trace.from_m + 0.001 && one.to_m >= trace.to_m - 0.001

/** What can itself be traced by its name. */
export const traceable = (one: TouchView): boolean => one.name !== null && !['person', 'recipe'].includes(one.kind)

/** The roll that a job makes. */
export const rollOf = (jobId: number): string => `R-${String(jobId).padStart(6, '0')}`
