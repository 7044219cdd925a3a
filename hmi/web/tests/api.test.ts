import { describe, expect, it } from 'vitest'
import { statedDpi } from '@/api/density'
import { refusal } from '@/api/problem'

describe('a refusal', () => {
  it('says the sentence of the server', () => {
    expect(refusal(409, { detail: 'The job is finished.' })).toMatchObject({ status: 409, message: 'The job is finished.', fields: {} })
  })
  it('puts the faults of a form beside their fields', () => {
    const body = { detail: [{ type: 'greater_than', loc: ['body', 'length_m'], msg: 'Input should be greater than 0', input: '0' }] }
    expect(refusal(422, body).fields).toEqual({ length_m: 'Input should be greater than 0' })
  })
  it('takes the field a problem names', () => {
    expect(refusal(422, { detail: 'Too wide.', field: 'width_mm' }).fields).toEqual({ width_mm: 'Too wide.' })
  })
  it('has words even for an answer without any', () => {
    expect(refusal(502, undefined).message).toBe('HTTP 502')
  })
})

function chunk(kind: string, data: number[]): number[] {
  const length = [0, 0, 0, data.length]
  return [...length, ...[...kind].map((letter) => letter.charCodeAt(0)), ...data, 0, 0, 0, 0]
}
const png = (...chunks: number[][]) => new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...chunk('IHDR', new Array(13).fill(0)), ...chunks.flat()])
const perMetre = (value: number, unit = 1) => [0, 0, value >> 8, value & 255, 0, 0, value >> 8, value & 255, unit]
const jfif = (unit: number, density: number) => {
  const head = [0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, unit, density >> 8, density & 255, density >> 8, density & 255, 0, 0, 0xff, 0xdb]
  return new Uint8Array(head)
}

describe('the resolution a file states', () => {
  it('is read from a PNG', () => {
    expect(statedDpi(png(chunk('pHYs', perMetre(11811))))).toBeCloseTo(300, 1)
  })
  it('is none when the PNG gives only a ratio, or none before its pixels', () => {
    expect(statedDpi(png(chunk('pHYs', perMetre(1, 0))))).toBeNull()
    expect(statedDpi(png(chunk('IDAT', [1]), chunk('pHYs', perMetre(11811))))).toBeNull()
  })
  it('is read from a JPEG in either unit', () => {
    expect(statedDpi(jfif(1, 300))).toBe(300)
    expect(statedDpi(jfif(2, 118))).toBeCloseTo(299.72)
    expect(statedDpi(jfif(0, 1))).toBeNull()
  })
  it('is none for anything else, however short', () => {
    expect(statedDpi(new Uint8Array([0x49, 0x49, 42, 0]))).toBeNull()
    expect(statedDpi(new Uint8Array())).toBeNull()
  })
})
