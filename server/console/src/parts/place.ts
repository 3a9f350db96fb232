/** Zone and place in one line; places are often written with the zone's name in front. */
export function placeOf(zone: string | null | undefined, place: string | null | undefined): string {
  if (!zone || place?.startsWith(zone)) return place ?? "";
  return place ? `${zone} ${place}` : zone;
}
