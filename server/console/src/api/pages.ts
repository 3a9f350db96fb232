// Lists come by pages.

export interface Page<R> {
  rows: R[];
  next?: string | null;
}

export type PageQuery = { after?: string; limit: number };

/** The most rows that the relay gives at once. */
const LIMIT = 200;

/** Every row of a list, page after page. */
export async function allRows<R>(load: (query: PageQuery) => Promise<Page<R>>): Promise<R[]> {
  const rows: R[] = [];
  let after: string | undefined;
  do {
    const page = await load({ after, limit: LIMIT });
    rows.push(...page.rows);
    after = page.next ?? undefined;
  } while (after);
  return rows;
}
