/** What one live event does to what the pages know. Pure: old state and event in, new state out. */
import type { AlarmView, FindingView, JobDetail, JobView, LiveEvent, MachineView, QuestionView, StripView } from '@/api/types'

export interface LineState {
  machines: readonly MachineView[]
  questions: readonly QuestionView[]
  jobs: readonly JobView[]
  /** All that are not normal. */
  alarms: readonly AlarmView[]
  /** New alarms in the last ten minutes if they are a flood, else 0. */
  flood: number
}

function upsert<T>(items: readonly T[], item: T, same: (other: T) => boolean): T[] {
  const at = items.findIndex(same)
  return at < 0 ? [...items, item] : items.with(at, item)
}

export function reduceLine(state: LineState, event: LiveEvent): LineState {
  switch (event.kind) {
    case 'machines': {
      let machines = state.machines
      for (const machine of event.machines ?? []) machines = upsert(machines, machine, (m) => m.name === machine.name)
      return { ...state, machines }
    }
    case 'questions':
      return { ...state, questions: event.questions ?? [] }
    case 'alarms':
      return { ...state, alarms: event.alarms ?? [], flood: event.flood ?? 0 }
    case 'job': {
      const job = event.job
      if (!job) return state
      const jobs = upsert(state.jobs, job, (other) => other.id === job.id).sort((a, b) => b.id - a.id)
      return { ...state, jobs }
    }
    default:
      return state
  }
}

const byMetre = (a: FindingView, b: FindingView) => a.cloth_m - b.cloth_m
const byIndex = (a: StripView, b: StripView) => a.index - b.index

/** The same for the one job that is open; events of other jobs leave it as it is. */
export function reduceDetail(detail: JobDetail, event: LiveEvent): JobDetail {
  if (event.kind === 'job' && event.job?.id === detail.id) return { ...detail, ...event.job }
  if (event.job_id !== detail.id) return detail
  if (event.kind === 'strip' && event.strip) {
    const strip = event.strip
    const strips = upsert(detail.strips, strip, (other) => other.index === strip.index).sort(byIndex)
    return {
      ...detail,
      strips,
      inspected_m: Math.max(detail.inspected_m, strip.at_m + strip.length_m),
      inspected_cloth_m: Math.max(detail.inspected_cloth_m, strip.cloth_m + strip.length_m),
    }
  }
  if (event.kind === 'finding' && event.finding) {
    const finding = event.finding
    const list = upsert(detail.finding_list, finding, (other) => other.id === finding.id).sort(byMetre)
    return { ...detail, finding_list: list, findings: list.length }
  }
  return detail
}

/** Number behind the colon of an event id, to drop what a snapshot already holds. */
export function sequence(id: string): { epoch: string; seq: number } {
  const colon = id.lastIndexOf(':')
  return { epoch: id.slice(0, colon), seq: Number(id.slice(colon + 1)) }
}
