/** Every request of the app, one line each. */
import { answer, client } from './client'
import { Refused } from './problem'
import type { AlarmView, JobDetail, JobView } from './types'

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
export const answerQuestion = (id: number, words: string, signal: AbortSignal) =>
  answer(
    client.POST('/api/v1/questions/{question_id}/answer', {
      params: { path: { question_id: id } },
      body: { answer: words },
      signal,
    }),
  )

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
export const reportUrl = (id: number) => `/api/v1/jobs/${id}/report`
