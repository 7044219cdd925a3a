import createClient, { type Middleware } from 'openapi-fetch'
import { freshKey } from './key'
import { refusal } from './problem'
import type { paths } from './schema.gen'

/** Every write gets its key below, so no caller has to (and can) pass the header the contract demands. */
type Unkeyed<Methods> = {
  [M in keyof Methods]: Methods[M] extends { parameters: { header: unknown } }
    ? Omit<Methods[M], 'parameters'> & { parameters: Omit<Methods[M]['parameters'], 'header'> }
    : Methods[M]
}
type Paths = { [P in keyof paths]: Unkeyed<paths[P]> }

let signedOut: () => void = () => {}
/** Say what happens when the server no longer knows this session. */
export function onSignedOut(then: () => void): void {
  signedOut = then
}
export function noticeStatus(status: number): void {
  if (status === 401) signedOut()
}

const keyWrites: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('Idempotency-Key', freshKey())
    return request
  },
  onResponse({ response }) {
    noticeStatus(response.status)
  },
}

export const client = createClient<Paths>({ baseUrl: '/' })
client.use(keyWrites)

/** The data of an answer, or the refusal thrown. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call
  if (!response.ok) throw refusal(response.status, error)
  return data as T
}
