/** Numbers, lengths and times as the pages write them. Pure; the language is always an argument. */
export const NO_VALUE = '–'

export function number(value: number | null | undefined, decimals: number, locale: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE
  const shown = Math.abs(value) < 0.5 * 10 ** -decimals ? 0 : value // never "-0.0"
  return new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
    .format(shown)
    .replace('-', '−')
}

/** Lengths of cloth: centimetres up to 10 m, decimetres up to 100 m, then whole metres. */
export function metreDigits(lengthM: number): number {
  if (lengthM < 10) return 2
  return lengthM < 100 ? 1 : 0
}

export function metres(value: number | null | undefined, lengthM: number, locale: string): string {
  return number(value, metreDigits(lengthM), locale)
}

export function tagValue(value: unknown, decimals: number, locale: string, words: { yes: string; no: string }): string {
  if (typeof value === 'number') return number(value, decimals, locale)
  if (typeof value === 'boolean') return value ? words.yes : words.no
  return typeof value === 'string' && value !== '' ? value : NO_VALUE
}

export function percent(part: number, locale: string): string {
  const clamped = Math.min(1, Math.max(0, part))
  // 100 % only when it is done.
  const whole = clamped < 1 ? Math.min(99, Math.floor(clamped * 100)) : 100
  return `${number(whole, 0, locale)} %`
}

export function fraction(part: number | null | undefined, whole: number | null | undefined): number {
  if (!part || !whole || whole <= 0) return 0
  return Math.min(1, Math.max(0, part / whole))
}

/** Where a value stands between two limits, 0..1, or null when it cannot be placed. */
export function place(value: unknown, low: number | null | undefined, high: number | null | undefined): number | null {
  if (typeof value !== 'number' || low === null || low === undefined || high === null || high === undefined) return null
  return high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : null
}

/** Seconds as the shortest honest words: 4 s, 3 min, 2 h 05 min. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

export function clock(time: Date, locale: string): string {
  return time.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })
}

/** Local time of day; the day before it when it is not `today`. */
export function moment(iso: string, today: Date, locale: string): string {
  const time = new Date(iso)
  const hour = time.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', hour12: false })
  if (time.toDateString() === today.toDateString()) return hour
  return `${time.toLocaleDateString(locale, { day: 'numeric', month: 'short' })}, ${hour}`
}

export function bytes(size: number, locale: string): string {
  if (size < 1e6) return `${number(size / 1e3, 0, locale)} kB`
  return `${number(size / 1e6, 1, locale)} MB`
}

/** Decimals that tell the marks of an axis apart that are `step` from each other. */
export function digits(step: number): number {
  let count = 0
  while (count < 6 && Math.abs(step * 10 ** count - Math.round(step * 10 ** count)) > 1e-6 * step * 10 ** count) count += 1
  return count
}

/** A time on an axis whose marks are `stepS` seconds apart: the day at midnight, seconds only where they matter. */
export function tick(second: number, stepS: number, locale: string): string {
  const time = new Date(second * 1000)
  const midnight = time.getHours() === 0 && time.getMinutes() === 0 && time.getSeconds() === 0
  if (stepS >= 86400 || (midnight && stepS >= 60)) return time.toLocaleDateString(locale, { day: 'numeric', month: 'short' })
  const seconds = stepS < 60 ? ({ second: '2-digit' } as const) : {}
  return time.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', hour12: false, ...seconds })
}
