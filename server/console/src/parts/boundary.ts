// Boundaries of zones: a geometry of GeoJSON (RFC 7946) as text.

export type Point = [number, number];

interface Shape {
  type?: string;
  geometry?: Shape | null;
  features?: Shape[];
  coordinates?: unknown;
}

const isPoint = (point: unknown): point is Point =>
  Array.isArray(point) && Number.isFinite(point[0]) && Number.isFinite(point[1]);
const isRing = (ring: unknown): ring is Point[] => Array.isArray(ring) && ring.length > 0 && ring.every(isPoint);
/** Whether a ring ends where it begins, and has something within. */
const isClosed = (ring: Point[]) => ring.length >= 4 && String(ring[0]) === String(ring[ring.length - 1]);

/** The geometry of a text: its own, its feature's, or that of a collection's only feature. */
function geometryOf(text: string | null | undefined): Shape | undefined {
  let shape: Shape | null;
  try {
    shape = JSON.parse(text ?? "null");
  } catch {
    return undefined;
  }
  const feature = Array.isArray(shape?.features) && shape.features.length === 1 ? shape.features[0] : shape;
  return feature?.geometry ?? feature ?? undefined;
}

function coordinatesOf(geometry: Shape | undefined): unknown[] {
  const coordinates = Array.isArray(geometry?.coordinates) ? geometry.coordinates : [];
  if (geometry?.type === "Polygon") return coordinates;
  return geometry?.type === "MultiPolygon" ? coordinates.flat() : [];
}

/** The rings of a boundary; none of what is no GeoJSON, which is not drawn and stops nothing. */
export const ringsOf = (boundary: string | null | undefined): Point[][] => coordinatesOf(geometryOf(boundary)).filter(isRing);

/** The boundary that somebody's text says, as records keep it; nothing where it is no polygon. */
export function boundaryOf(text: string): string | undefined {
  const geometry = geometryOf(text);
  const rings = coordinatesOf(geometry);
  const isPolygon = rings.length > 0 && rings.every((ring) => isRing(ring) && isClosed(ring));
  return isPolygon ? JSON.stringify({ type: geometry?.type, coordinates: geometry?.coordinates }) : undefined;
}
