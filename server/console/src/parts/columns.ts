/** A column of a list. */
export interface Column<R> {
  /** Also the name of the slot that shows it otherwise than as a text. */
  key: string;
  /** A key of the catalogue. */
  label: string;
  /** Whether it says what the row is, and leads there. */
  isMain?: boolean;
  class?: string;
  text?: (row: R) => string | number | null | undefined;
}
