/** The zoomable picture behind one small face, so that no page knows the library. Loaded when the first one is shown. */
import type OpenSeadragon from 'openseadragon'

export interface DeepZoomSource {
  /** Size of the finest level, pixels. */
  width: number
  height: number
  tilePx: number
  levels: number
  url: (level: number, column: number, row: number) => string
}

/** What is seen, in widths of the picture: from its left edge, from its top; `pxPerWidth` is the zoom. */
export interface Sight {
  left: number
  top: number
  pxPerWidth: number
}

export interface DeepZoom {
  /** Show a picture in place of the one before, which stays until the new one has loaded. */
  show(source: DeepZoomSource, keepSight: boolean): void
  home(): void
  zoomBy(factor: number): void
  /** Move by parts of the window. */
  panBy(across: number, down: number): void
  /** Bring a height of the picture (in its widths) to the middle. */
  goTo(top: number): void
  /** Whether one finger and the bare wheel move the picture, or the page around it. */
  grab(all: boolean): void
  close(): void
}

export interface DeepZoomOptions {
  label: string
  ground: string
  hint: (gesture: 'drag' | 'scroll') => string
  moved: (sight: Sight) => void
}

/** Of six connections to one host, one holds the events and two are left for commands. */
const TILES_AT_ONCE = 3
const MARGIN = 0.04
const FARTHEST = 0.12
const BEYOND = 2
const PATIENCE_MS = 4000

/** The library adds a style element unless there is one with its mark. The page's policy allows none, so an inert one, of no namespace, stands in. */
function standInForStyle(): void {
  if (document.querySelector('style[data-openseadragon-mobile-css]')) return
  const inert = document.createElementNS(null, 'style')
  inert.setAttribute('data-openseadragon-mobile-css', '')
  document.head.append(inert)
}

export async function openDeepZoom(element: HTMLElement, options: DeepZoomOptions): Promise<DeepZoom> {
  const { default: Osd } = await import('openseadragon')
  standInForStyle()
  const viewer = new Osd.Viewer({
    element,
    drawer: 'canvas',
    cooperativeGestures: true,
    keyboardNavEnabled: false,
    showNavigationControl: false,
    imageLoaderLimit: TILES_AT_ONCE,
    tileRetryMax: 2,
    tileRetryDelay: 1500,
    placeholderFillStyle: options.ground,
    gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true, flickEnabled: false },
    animationTime: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 0.6,
    visibilityRatio: 0.3,
    maxZoomPixelRatio: BEYOND,
    preserveImageSizeOnResize: true,
  })
  viewer.canvas.setAttribute('role', 'application')
  viewer.canvas.setAttribute('aria-label', options.label)
  const { viewport, world } = viewer
  const size = () => viewport.getContainerSize()
  const aspect = () => {
    const shown = world.getItemAt(0)?.getContentSize()
    return shown ? shown.y / shown.x : 1
  }
  const home = (immediately: boolean) => {
    const height = ((1 + 2 * MARGIN) * size().y) / size().x
    const top = aspect() < height - 2 * MARGIN ? (aspect() - height) / 2 : -MARGIN
    viewport.fitBounds(new Osd.Rect(-MARGIN, top, 1 + 2 * MARGIN, height), immediately)
  }
  const tell = () => {
    const seen = viewport.getBounds(true)
    options.moved({ left: seen.x, top: seen.y, pxPerWidth: size().x / seen.width })
  }
  viewer.addHandler('update-viewport', tell)
  viewer.addHandler('canvas-cooperative-gesture', (event) => (event.message = options.hint(event.gesture)))

  /** The pictures before the newest leave when it is whole, or when it takes too long. */
  function leaveOnly(newest: OpenSeadragon.TiledImage): void {
    for (let index = world.getItemCount() - 1; index >= 0; index -= 1) {
      const item = world.getItemAt(index)
      if (item !== newest && world.getIndexOfItem(newest) > index) world.removeItem(item)
    }
  }
  return {
    show(source, keepSight) {
      const keep = keepSight && world.getItemCount() > 0
      viewer.addTiledImage({
        tileSource: {
          width: source.width,
          height: source.height,
          tileSize: source.tilePx,
          minLevel: Math.max(0, source.levels - 1 - Math.ceil(Math.log2(Math.max(source.width, source.height) / source.tilePx))),
          maxLevel: source.levels - 1,
          getTileUrl: source.url,
        } as unknown as OpenSeadragon.TileSource,
        placeholderFillStyle: keep ? undefined : options.ground,
        success: (event) => {
          const newest = (event as unknown as { item: OpenSeadragon.TiledImage }).item
          // The whole roll, but never as a thread.
          const whole = size().y / size().x / (source.height / source.width)
          Object.assign(viewport, { minZoomLevel: Math.max(FARTHEST, Math.min(0.9, whole)) })
          if (!keep) home(true)
          newest.addHandler('fully-loaded-change', (change) => change.fullyLoaded && leaveOnly(newest))
          setTimeout(() => world.getIndexOfItem(newest) >= 0 && leaveOnly(newest), PATIENCE_MS)
          tell()
        },
      })
    },
    home: () => home(false),
    zoomBy(factor) {
      viewport.zoomBy(factor)
      viewport.applyConstraints()
    },
    panBy(across, down) {
      const seen = viewport.getBounds()
      viewport.panBy(new Osd.Point(across * seen.width, down * seen.height))
      viewport.applyConstraints()
    },
    goTo(top) {
      viewport.panTo(new Osd.Point(viewport.getCenter().x, top))
      viewport.applyConstraints()
    },
    grab: (all) => viewer.setCooperativeGestures(!all),
    close: () => viewer.destroy(),
  }
}
