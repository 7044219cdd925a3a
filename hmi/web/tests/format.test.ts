import { describe, expect, it } from 'vitest'
import { duration, fraction, metres, moment, number, percent, place, tagValue } from '@/ui/format'

describe('numbers', () => {
  it('keeps the decimals of the tag and the language of the page', () => {
    expect(number(1234.5, 2, 'en')).toBe('1,234.50')
    expect(number(1234.5, 2, 'de')).toBe('1.234,50')
  })
  it('never shows a negative zero', () => {
    expect(number(-0.04, 1, 'en')).toBe('0.0')
    expect(number(-8.2, 1, 'en')).toBe('−8.2')
  })
  it('has one sign for a value nobody knows', () => {
    expect(number(null, 1, 'en')).toBe('–')
    expect(number(Number.NaN, 1, 'en')).toBe('–')
    expect(tagValue('', 0, 'en', { yes: 'Yes', no: 'No' })).toBe('–')
  })
  it('tells a switch in words', () => {
    expect(tagValue(true, 0, 'en', { yes: 'Yes', no: 'No' })).toBe('Yes')
  })
})

describe('progress', () => {
  it('is 100 % only when it is done', () => {
    expect(percent(0.9999, 'en')).toBe('99 %')
    expect(percent(1, 'en')).toBe('100 %')
    expect(percent(-1, 'en')).toBe('0 %')
  })
  it('stays between nothing and all', () => {
    expect(fraction(12, 10)).toBe(1)
    expect(fraction(null, 10)).toBe(0)
    expect(fraction(5, 0)).toBe(0)
  })
  it('gives long cloth fewer decimals', () => {
    expect(metres(4.126, 8, 'en')).toBe('4.13')
    expect(metres(4.126, 40, 'en')).toBe('4.1')
    expect(metres(412.6, 900, 'en')).toBe('413')
  })
})

describe('place in a range', () => {
  it('clamps at the limits and refuses what cannot be placed', () => {
    expect(place(5, 0, 10)).toBe(0.5)
    expect(place(50, 0, 10)).toBe(1)
    expect(place(5, 10, 10)).toBeNull()
    expect(place('5', 0, 10)).toBeNull()
    expect(place(5, null, 10)).toBeNull()
  })
})

describe('times', () => {
  it('uses the shortest honest words', () => {
    expect(duration(4.9)).toBe('4 s')
    expect(duration(200)).toBe('3 min')
    expect(duration(7500)).toBe('2 h 05 min')
  })
  it('names the day only when it is not today', () => {
    const today = new Date(2026, 10, 22, 15, 0)
    expect(moment(new Date(2026, 10, 22, 9, 5).toISOString(), today, 'en-GB')).toBe('09:05')
    expect(moment(new Date(2026, 10, 20, 9, 5).toISOString(), today, 'en-GB')).toBe('20 Nov, 09:05')
  })
})
