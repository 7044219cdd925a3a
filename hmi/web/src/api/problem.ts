/** Why a request was refused, in words, with the field it is about when the server names one. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.name = 'Refused'
  }
}

interface FieldFault {
  loc: unknown[]
  msg: string
}

const isFault = (item: unknown): item is FieldFault =>
  typeof item === 'object' && item !== null && Array.isArray((item as FieldFault).loc) && 'msg' in item

/** Read an error body: either `{detail: sentence}` or the list of field faults of a failed validation. */
export function refusal(status: number, body: unknown): Refused {
  const detail = typeof body === 'object' && body !== null ? (body as { detail?: unknown }).detail : undefined
  if (typeof detail === 'string') {
    const field = (body as { field?: unknown }).field
    return new Refused(status, detail, typeof field === 'string' ? { [field]: detail } : {})
  }
  if (Array.isArray(detail)) {
    const faults = detail.filter(isFault)
    const fields = Object.fromEntries(faults.map((fault) => [String(fault.loc.at(-1)), fault.msg]))
    const words = faults.map((fault) => `${String(fault.loc.at(-1))}: ${fault.msg}`)
    if (words.length > 0) return new Refused(status, words.join(' '), fields)
  }
  return new Refused(status, `HTTP ${status}`)
}
