/** On what terms a job is asked for, as a person fills them in. */
export interface Terms {
  priority: number | ''
  /** As the field for it gives it: local time, without a zone. */
  due: string
  overrunPct: number | ''
  secondsPct: number | ''
  needsApproval: boolean
  strikeOff: number | ''
}

export const emptyTerms = (): Terms => ({
  priority: 0, due: '', overrunPct: 0, secondsPct: 0, needsApproval: false, strikeOff: '',
})

/** What is sent: only what was said, as fields of a form. */
export function termFields(terms: Terms): Record<string, string> {
  return {
    ...(terms.priority ? { priority: String(terms.priority) } : {}),
    ...(terms.due ? { due_at: new Date(terms.due).toISOString() } : {}),
    ...(terms.overrunPct ? { overrun_pct: String(terms.overrunPct) } : {}),
    ...(terms.secondsPct ? { seconds_pct: String(terms.secondsPct) } : {}),
    ...(terms.needsApproval ? { needs_approval: 'true' } : {}),
    ...(terms.strikeOff === '' ? {} : { strike_off_id: String(terms.strikeOff) }),
  }
}
