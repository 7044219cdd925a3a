import { noticeStatus } from './client'
import { freshKey } from './key'
import { Refused, refusal } from './problem'
import type { JobView, Layout } from './types'

export interface Order {
  design: File | null
  sample: string | null
  fabric: string
  lengthM: number | null
  layout: Partial<Layout>
  title: string
  /** Further fields of the form, as they are sent. */
  terms: Readonly<Record<string, string>>
}

function form(order: Order): FormData {
  const data = new FormData()
  if (order.design) data.set('design', order.design)
  else if (order.sample) data.set('sample', order.sample)
  data.set('fabric', order.fabric)
  if (order.lengthM !== null) data.set('length_m', String(order.lengthM))
  data.set('layout', JSON.stringify(order.layout))
  if (order.title.trim()) data.set('title', order.title.trim())
  for (const [name, value] of Object.entries(order.terms)) data.set(name, value)
  return data
}

/** Submit a job. An XMLHttpRequest, because `fetch` cannot tell how much of a large design has gone up. */
export function submitJob(order: Order, sent: (part: number) => void): Promise<JobView> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', '/api/v1/jobs')
    request.setRequestHeader('Idempotency-Key', freshKey())
    request.responseType = 'json'
    request.upload.onprogress = (event) => event.lengthComputable && sent(event.loaded / event.total)
    request.onerror = () => reject(new Refused(0, ''))
    request.onload = () => {
      noticeStatus(request.status)
      if (request.status === 201) resolve(request.response as JobView)
      else reject(refusal(request.status, request.response))
    }
    request.send(form(order))
  })
}
