import type { AlarmView, FindingView, JobDetail, JobView, Layout, LiveEvent, MachineView, PieceView, StripView } from '@/api/types'

const layout: Layout = {
  repeat: 'straight', mirror: 'none', gap_mm: [0, 0], gap_colour: '#ffffff', columns: null, origin_mm: [0, 0], width_mm: null,
  pieces: null, piece_mm: null, gutter_mm: [20, 20], hem_mm: 0, shawl: null, turn: 0, flip: 'none', marks: [], colourway: null,
  colours: null, page: 0,
}

export const machine = (name: string, more: Partial<MachineView> = {}): MachineView => ({
  name, title: name, stage: 'print', protocol: 'opcua', endpoint: 'opc.tcp://127.0.0.1:4840', link: 'connected', state: 'Idle',
  state_number: 4, remote: true, age_s: 0.2, metres: null, length_m: null, job_id: null, job_title: null, operation: null,
  waiting: null, tags: [], alarms: [], ...more,
})
export const job = (id: number, more: Partial<JobView> = {}): JobView => ({
  id, title: `Job ${id}`, fabric: 'silk-twill', fabric_title: 'Silk twill', length_m: 8, layout, status: 'queued',
  stage: null, progress: 0, created_at: '2026-11-22T08:00:00Z', created_by: 'admin', error: null, operations: [], findings: 0,
  grade: null, has_preview: false, acts: [], order_id: id, ordered: 8, overrun_pct: 0, seconds_pct: 0, tally: null, priority: 0,
  due_at: null, needs_approval: false, approved_by: null, accepted_by: null, strike_off_id: null, made_from_id: null, cut_m: null,
  ...more,
})
export const detail = (id: number, more: Partial<JobDetail> = {}): JobDetail => ({
  ...job(id), repeat_width_mm: 450, repeat_height_mm: 488, print_width_mm: 1360, dpi: 600, notes: [], inks: [], strips: [],
  finding_list: [], pieces: [], stops: [], cut_outs: [], cloth_length_m: 8, inspected_m: 0, inspected_cloth_m: 0, has_preview: true, has_report: false, ...more,
})
export const strip = (index: number): StripView => ({
  index, at_m: index * 0.1734, cloth_m: index * 0.1734, length_m: 0.1734, findings: 0, picture: `/strips/${index}.jpg`,
})
export const finding = (id: number, more: Partial<FindingView> = {}): FindingView => ({
  id, cls: 'spot', at_m: 1, cloth_m: more.at_m ?? 1, cut_out: false, x_mm: 100, length_mm: 4, width_mm: 4, points: 1, picture: null, piece: null, ...more,
})
export const piece = (name: string, more: Partial<PieceView> = {}): PieceView => ({
  name, at_m: 0, cloth_m: more.at_m ?? 0, x_mm: 0, length_mm: 900, width_mm: 900, findings: 0, points: 0, quality: null, ...more,
})
export const alarm = (id: number, more: Partial<AlarmView> = {}): AlarmView => ({
  id, machine: 'press', name: `alarm${id}`, own: false, priority: 'medium', text: 'The belt slips', response: 'Check the glue',
  consequence: '', state: 'B', active: false, unacknowledged: false, shelvable: true, occurrence: 1, active_at: '2026-11-22T08:00:00Z',
  returned_at: null, acknowledged_at: null, acknowledged_by: null, covered_at: null, covered_by: null, covered_why: '',
  shelved_until: null, first: false, stale: false, job_id: null, ...more,
})
export const event = (kind: LiveEvent['kind'], more: Partial<LiveEvent> = {}): LiveEvent => ({
  id: 'a1:7', kind, time: '2026-11-22T08:00:00Z', ...more,
})
