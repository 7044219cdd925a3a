/** Dots per inch a PNG or JPEG states in its own header, or null: without it the size on cloth is only assumed. */
export function statedDpi(bytes: Uint8Array): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length > 24 && view.getUint32(0) === 0x89504e47) return pngDpi(view)
  if (bytes.length > 20 && view.getUint16(0) === 0xffd8) return jfifDpi(view)
  return null
}

const INCHES_PER_M = 1 / 0.0254

function pngDpi(view: DataView): number | null {
  let at = 8
  while (at + 12 <= view.byteLength) {
    const length = view.getUint32(at)
    const kind = view.getUint32(at + 4)
    if (kind === 0x49444154) return null // IDAT: pHYs must stand before it
    if (kind === 0x70485973 && at + 17 <= view.byteLength) {
      const perMetre = view.getUint32(at + 8)
      return view.getUint8(at + 16) === 1 && perMetre > 0 ? perMetre / INCHES_PER_M : null
    }
    at += 12 + length
  }
  return null
}

function jfifDpi(view: DataView): number | null {
  const isJfif = view.getUint16(2) === 0xffe0 && view.getUint32(6) === 0x4a464946
  if (!isJfif) return null
  const density = view.getUint16(14)
  if (density === 0) return null
  const unit = view.getUint8(13)
  if (unit === 1) return density
  return unit === 2 ? density * 2.54 : null
}
