/** Every request of the app, one line each. */
import { answer, client } from './client'
import { Refused } from './problem'
import type { AlarmView, Colourway, JobDetail, JobView, LotView, TankView, TraceView, Wound } from './types'

const ofJob = (id: number, signal?: AbortSignal) => ({ params: { path: { job_id: id } }, signal })

export const signIn = (name: string, password: string) =>
  answer(client.POST('/api/v1/session', { body: { name, password } }))
export const signOut = () => answer(client.DELETE('/api/v1/session', {}))
export const session = () => answer(client.GET('/api/v1/session', {}))
export const line = () => answer(client.GET('/api/v1/line', {}))
export const fabrics = () => answer(client.GET('/api/v1/fabrics', {}))
export const designs = () => answer(client.GET('/api/v1/designs', {}))
// openapi-fetch forgets that a pair has two elements
export const jobs = () => answer(client.GET('/api/v1/jobs', {})) as Promise<JobView[]>
export const job = (id: number) => answer(client.GET('/api/v1/jobs/{job_id}', ofJob(id))) as Promise<JobDetail>
export const layout = (id: number, pricePerL: number | null) =>
  answer(
    client.GET('/api/v1/jobs/{job_id}/layout', {
      params: { path: { job_id: id }, query: pricePerL === null ? {} : { price_per_l: pricePerL } },
    }),
  )
export const journal = (jobId: number, limit: number) =>
  answer(client.GET('/api/v1/journal', { params: { query: { job_id: jobId, limit } } }))

export const cancelJob = (id: number, signal: AbortSignal) =>
  answer(client.POST('/api/v1/jobs/{job_id}/cancel', ofJob(id, signal)))
export const holdJob = (id: number, signal: AbortSignal) =>
  answer(client.POST('/api/v1/jobs/{job_id}/hold', ofJob(id, signal)))
export const resumeJob = (id: number, signal: AbortSignal) =>
  answer(client.POST('/api/v1/jobs/{job_id}/resume', ofJob(id, signal)))
export const approveJob = (id: number, signal: AbortSignal) =>
  answer(client.POST('/api/v1/jobs/{job_id}/approve', { ...ofJob(id, signal), body: { comment: '' } }))
export const scheduleJob = (id: number, priority: number, dueAt: string | null, signal: AbortSignal) =>
  answer(
    client.POST('/api/v1/jobs/{job_id}/schedule', {
      ...ofJob(id, signal),
      body: { priority, due_at: dueAt, never_due: dueAt === null },
    }),
  )
export const cutJob = (id: number, atM: number | null, signal: AbortSignal) =>
  answer(client.POST('/api/v1/jobs/{job_id}/cut', { ...ofJob(id, signal), body: { at_m: atM } }))
export const splitJob = (id: number, first: number, signal: AbortSignal) =>
  answer(client.POST('/api/v1/jobs/{job_id}/split', { ...ofJob(id, signal), body: { first } }))
export const repeatJob = (id: number, amount: number | null, missing: boolean, signal: AbortSignal) =>
  answer(client.POST('/api/v1/jobs/{job_id}/repeat', { ...ofJob(id, signal), body: { amount, missing } }))
export const recolourJob = (id: number, colourways: { name: string; colourway: Colourway }[], signal: AbortSignal) =>
  answer(client.POST('/api/v1/jobs/{job_id}/recolour', { ...ofJob(id, signal), body: { colourways } }))
export const answerQuestion = (id: number, words: string, signal: AbortSignal) =>
  answer(
    client.POST('/api/v1/questions/{question_id}/answer', {
      params: { path: { question_id: id } },
      body: { answer: words },
      signal,
    }),
  )

const ofQuestion = (id: number) => ({ path: { question_id: id } })
export const resumeOffer = (id: number) => answer(client.GET('/api/v1/questions/{question_id}/resume', { params: ofQuestion(id) }))
export const resumePreview = (id: number, atM: number) =>
  answer(client.GET('/api/v1/questions/{question_id}/resume/preview', { params: { ...ofQuestion(id), query: { at_m: atM } } }))
export const resumeAt = (id: number, row: number, signal: AbortSignal) =>
  answer(client.POST('/api/v1/questions/{question_id}/resume', { params: ofQuestion(id), body: { row, at_m: null }, signal }))

export const plan = () => answer(client.GET('/api/v1/plan', {}))
export const planWhy = (operation: string) => answer(client.GET('/api/v1/plan/why', { params: { query: { operation } } }))
export const releasePlan = (order: string, signal: AbortSignal) => answer(client.POST('/api/v1/plan/release', { body: { order }, signal }))
export const pinPlan = (operation: string, place: number | null, notBefore: string | null, signal: AbortSignal) =>
  answer(client.POST('/api/v1/plan/pin', { body: { operation, place, not_before: notBefore }, signal }))
export const unpinPlan = (operation: string, signal: AbortSignal) => answer(client.POST('/api/v1/plan/unpin', { body: { operation }, signal }))

export const figures = (start: string, by: 'machine' | 'shift' | 'fabric') =>
  answer(client.GET('/api/v1/figures', { params: { query: { start, by } } }))

const ofAlarm = (id: number, signal: AbortSignal) => ({ params: { path: { alarm_id: id } }, signal })

export const alarmFigures = (hours: number) => answer(client.GET('/api/v1/alarms/figures', { params: { query: { hours } } }))
/** Only the occurrence that was seen: an alarm that has come again meanwhile stays as it is. */
export async function acknowledge(alarms: readonly AlarmView[], signal: AbortSignal): Promise<void> {
  const body = { alarms: alarms.map(({ id, occurrence }) => ({ id, occurrence })) }
  const { left } = await answer(client.POST('/api/v1/alarms/acknowledge', { body, signal }))
  if (left.length > 0) throw new Refused(409, left.map(({ alarm, why }) => `${alarm.text}: ${why}`).join('; '))
}
export const shelve = (id: number, minutes: number, why: string, signal: AbortSignal) =>
  answer(client.POST('/api/v1/alarms/{alarm_id}/shelve', { ...ofAlarm(id, signal), body: { minutes, why } }))
export const outOfService = (id: number, why: string, signal: AbortSignal) =>
  answer(client.POST('/api/v1/alarms/{alarm_id}/out-of-service', { ...ofAlarm(id, signal), body: { why } }))
export const unshelve = (id: number, signal: AbortSignal) =>
  answer(client.POST('/api/v1/alarms/{alarm_id}/unshelve', ofAlarm(id, signal)))
export const inService = (id: number, signal: AbortSignal) =>
  answer(client.POST('/api/v1/alarms/{alarm_id}/in-service', ofAlarm(id, signal)))
export const resetAlarm = (id: number, signal: AbortSignal) =>
  answer(client.POST('/api/v1/alarms/{alarm_id}/reset', ofAlarm(id, signal)))

/** The label's code answers the question for a roll; another roll is refused in words. */
export const scanAnswer = (id: number, code: string, signal: AbortSignal) =>
  answer(client.POST('/api/v1/questions/{question_id}/scan', { params: { path: { question_id: id } }, body: { code }, signal }))
export const trace = (name: string) => answer(client.GET('/api/v1/trace', { params: { query: { name } } })) as Promise<TraceView>
export const tanksFor = (kind: LotView['kind']) =>
  answer(client.GET('/api/v1/tanks/for/{kind}', { params: { path: { kind } } })) as Promise<TankView[]>
export const fillTank = (lot: string, tank: TankView, toppedUp: boolean, signal: AbortSignal) =>
  answer(client.POST('/api/v1/tanks', { body: { ...tank, lot, topped_up: toppedUp }, signal }))
/** Without a metre: where the first machine is now. */
export const layRoll = (name: string, jobId: number, atM: number | null, signal: AbortSignal) =>
  answer(client.POST('/api/v1/rolls/{name}/lay', { params: { path: { name } }, body: { job_id: jobId, at_m: atM }, signal }))
export const windRoll = (name: string, wound: Wound, signal: AbortSignal) =>
  answer(client.POST('/api/v1/rolls/{name}/wound', { params: { path: { name } }, body: { wound }, signal }))
export const recorded = () => answer(client.GET('/api/v1/history/tags', {}))
export const curve = (machine: string, tag: string, from: string, to: string, points: number, signal: AbortSignal) =>
  answer(client.GET('/api/v1/history/curve', { params: { query: { machine, tag, from, to, points } }, signal }))
export const jobCurve = (id: number, stage: string, tag: string, points: number, signal: AbortSignal) =>
  answer(
    client.GET('/api/v1/history/jobs/{job_id}/curve', {
      params: { path: { job_id: id }, query: { stage, tag, points } },
      signal,
    }),
  )
export const passed = (id: number, stage: string, metre: number) =>
  answer(client.GET('/api/v1/history/jobs/{job_id}/when', { params: { path: { job_id: id }, query: { stage, metre } } }))
export const exportUrl = (machine: string, tags: readonly string[], from: string, to: string) =>
  `/api/v1/history/export?${new URLSearchParams([['machine', machine], ...tags.map((tag) => ['tag', tag]), ['from', from], ['to', to]])}`

export const previewUrl = (id: number) => `/api/v1/jobs/${id}/preview.jpg`
export const labelUrl = (roll: string) => `/api/v1/rolls/${encodeURIComponent(roll)}/label.svg`
export const reportUrl = (id: number) => `/api/v1/jobs/${id}/report`
