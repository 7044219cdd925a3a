/** Codes that the camera sees, as far as the browser itself can read them; nothing is sent anywhere. */
export interface Detector {
  detect(picture: HTMLVideoElement): Promise<readonly { rawValue: string }[]>
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector
  getSupportedFormats(): Promise<string[]>
}

/** Why there is no camera, as a key of the words for it. */
export type NoCamera = 'noReader' | 'notSecure' | 'notAllowed'

const QR = 'qr_code'
const LOOK_EVERY_MS = 150

/** A reader of codes, or why there is none: some browsers have none, and others only for some kinds of codes. */
export async function reader(browser: object = globalThis): Promise<Detector | NoCamera> {
  const kind = (browser as { BarcodeDetector?: DetectorClass }).BarcodeDetector
  if (!kind || !(await kind.getSupportedFormats()).includes(QR)) return 'noReader'
  return new kind({ formats: [QR] })
}

/** The picture of the camera at the back, or why there is none: browsers give it to pages that came encrypted only. */
export async function picture(devices: MediaDevices | undefined = navigator.mediaDevices): Promise<MediaStream | NoCamera> {
  if (!devices) return 'notSecure'
  try {
    return await devices.getUserMedia({ video: { facingMode: 'environment' } })
  } catch {
    return 'notAllowed' // by the person, or as there is no camera
  }
}

/** The first code that comes into view; null when nobody waits for it any more. */
export async function firstCode(detector: Detector, video: HTMLVideoElement, waiting: AbortSignal): Promise<string | null> {
  while (!waiting.aborted) {
    const found = await detector.detect(video).catch(() => []) // a frame that is not there yet
    const code = found.find(({ rawValue }) => rawValue !== '')
    if (code && !waiting.aborted) return code.rawValue
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  return null
}
