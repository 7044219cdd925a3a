/** What the page of curves shows, as it stands in its address; and points as the chart takes them. Pure. */
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { CurveView, MachineView, MetreCurveView, OperationView, RecordedView, Stage } from '@/api/types'
import { STAGES } from '@/api/types'

export const SPANS = ['1h', '8h', '1d', '7d', 'job'] as const
export type Span = (typeof SPANS)[number]
export const SPAN_S: Readonly<Record<Exclude<Span, 'job'>, number>> = { '1h': 3600, '8h': 28800, '1d': 86400, '7d': 604800 }

/** So many charts fit one below the other and can still be compared. */
export const MOST = 6

export interface Asked {
  span: Span
  machine: string | null
  /** null: nobody has chosen yet. */
  tags: readonly string[] | null
  /** The end of the span in seconds from 1970; null: now. */
  end: number | null
  job: number | null
  stage: Stage | null
}

const one = (query: LocationQuery, name: string): string | null => {
  const given = query[name]
  return (Array.isArray(given) ? given[0] : given) ?? null
}
const whole = (text: string | null): number | null => (text !== null && /^\d{1,10}$/.test(text) ? Number(text) : null)

/** Read the address; what cannot be is left out. */
export function asked(query: LocationQuery): Asked {
  const job = whole(one(query, 'job'))
  const tags = one(query, 'tags')
  return {
    span: SPANS.find((span) => span === one(query, 'span')) ?? (job === null ? '1h' : 'job'),
    machine: one(query, 'machine'),
    tags: tags === null ? null : tags.split(',').filter((tag) => tag !== '').slice(0, MOST),
    end: whole(one(query, 'end')),
    job,
    stage: STAGES.find((stage) => stage === one(query, 'stage')) ?? null,
  }
}
export function address({ span, machine, tags, end, job, stage }: Asked): LocationQueryRaw {
  const by = span === 'job' ? { job: job ?? undefined, stage: stage ?? undefined } : { machine: machine ?? undefined, end: end ?? undefined }
  return { span, ...by, ...(tags === null ? {} : { tags: tags.join(',') }) }
}

/** The stages of a job that have begun; the one that runs, or else the last, leads. */
export const begun = (operations: readonly OperationView[]): OperationView[] => operations.filter((each) => each.started_at !== null)
export function stageOf(operations: readonly OperationView[], wanted: Stage | null): OperationView | null {
  const known = begun(operations)
  return known.find((each) => each.stage === wanted) ?? known.find((each) => each.status === 'running') ?? known.at(-1) ?? null
}

/** Values that have a curve worth looking at, the machine's own before the hand-shake with it. */
export function choices(recorded: readonly RecordedView[], machine: string | undefined): RecordedView[] {
  const own = recorded.filter((tag) => tag.machine === machine && !tag.text)
  const rank = (tag: RecordedView) => (tag.key ? 0 : tag.group === 'link' || tag.group === 'job' || tag.group === 'status' ? 2 : 1)
  return [...own].sort((a, b) => rank(a) - rank(b))
}
/** What is shown before somebody chooses: the values that matter most, but neither states nor counters. */
export function first(tags: readonly RecordedView[]): string[] {
  return tags.filter((tag) => tag.key && tag.unit !== '' && !['m', 'rows'].includes(tag.unit)).slice(0, 3).map(({ name }) => name)
}

export interface Points {
  x: number[]
  low: (number | null)[]
  mean: (number | null)[]
  high: (number | null)[]
  /** Each point is a value that holds until the next. */
  held: boolean
}
export const overTime = ({ seconds, low, mean, high, step_s }: CurveView): Points => ({ x: seconds, low, mean, high, held: step_s === 0 })
export const overMetres = ({ metres, low, mean, high, step_m }: MetreCurveView): Points => ({ x: metres, low, mean, high, held: step_m === 0 })
export const known = ({ mean }: Points): boolean => mean.some((value) => value !== null)

/** Place of the last point at or before `at`; -1 if there is none. */
export function placeOf(x: readonly number[], at: number): number {
  let [from, to] = [0, x.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((x[middle] as number) <= at) from = middle + 1
    else to = middle
  }
  return from - 1
}

/** Where a key moves a mark to; null: the key means something else. */
export function moved(x: readonly number[], at: number | null, key: string): number | null {
  const here = at === null ? x.length - 1 : placeOf(x, at)
  const to: Record<string, number> = {
    ArrowLeft: here - 1, ArrowRight: here + 1, PageUp: here + 20, PageDown: here - 20, Home: 0, End: x.length - 1,
  }
  const place = to[key]
  return place === undefined || x.length === 0 ? null : (x[Math.min(x.length - 1, Math.max(0, place))] as number)
}

export const titleOf = (machines: readonly MachineView[], name: string): string =>
  machines.find((machine) => machine.name === name)?.title ?? name
