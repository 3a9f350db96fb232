// Lists by pages: more is added below when it is asked for, and news bring all that is shown anew.
import { computed, ref, watch, type Ref } from "vue";
import { wordsOf } from "../api/client";
import { allRows, type Page, type PageQuery } from "../api/pages";
import { useLive } from "./live";

const LIMIT = 100;
/** More rows than these a browser does not show in good time. */
const MOST_ROWS = 1_000;

/** What is shown of a list, and how more is. */
export interface Paged<R> {
  data: Ref<unknown>;
  rows: Ref<R[]>;
  hasMore: Ref<boolean>;
  more: () => unknown;
  problem: Ref<string>;
  isLoading: Ref<boolean>;
  reload: () => Promise<void>;
}

/** A list in an order that only the page knows, such as that of names: all of it is asked for, since
 * a part would be another part in another order. */
export function useSorted<R>(load: (query: PageQuery) => Promise<Page<R>>, of: () => unknown, order: () => (a: R, b: R) => number): Paged<R> {
  const shown = ref(LIMIT);
  const { data, ...list } = useLive(() => allRows(load), of);
  watch(of, () => (shown.value = LIMIT), { deep: true });
  const all = computed(() => [...(data.value ?? [])].sort(order()));
  return {
    data,
    ...list,
    rows: computed(() => all.value.slice(0, shown.value)),
    hasMore: computed(() => all.value.length > shown.value),
    more: () => (shown.value += LIMIT),
  };
}

export function usePages<R>(load: (query: PageQuery) => Promise<Page<R>>, of: () => unknown) {
  let pages = 1;
  const isAdding = ref(false);
  const first = () => {
    pages = 1;
    return of();
  };

  const list = useLive(async () => {
    const rows: R[] = [];
    let next: string | undefined;
    for (let page = 0; page < pages; page += 1) {
      const found = await load({ after: next, limit: LIMIT });
      rows.push(...found.rows);
      next = found.next ?? undefined;
      if (!next) break;
    }
    return { rows, next };
  }, first);
  const { data, problem, reload } = list;
  const rows = computed(() => data.value?.rows ?? []);
  const hasMore = computed(() => Boolean(data.value?.next));
  const isLoading = computed(() => list.isLoading.value || isAdding.value);

  async function more(): Promise<void> {
    pages += 1;
    const shown = data.value;
    // What is on its way lacks the page that is asked for now.
    if (list.isLoading.value || !shown?.next) return reload();
    isAdding.value = true;
    try {
      const found = await load({ after: shown.next, limit: LIMIT });
      // News that came meanwhile have brought every page, and this one.
      if (data.value === shown) data.value = { rows: [...shown.rows, ...found.rows], next: found.next ?? undefined };
      problem.value = "";
    } catch (error) {
      problem.value = wordsOf(error);
    }
    isAdding.value = false;
  }
  /** Brings all rows, or as many as are shown in good time. */
  async function all(): Promise<void> {
    if (!hasMore.value || pages >= MOST_ROWS / LIMIT) return;
    pages = MOST_ROWS / LIMIT;
    await reload();
  }
  return { data, rows, hasMore, more, all, problem, isLoading, reload };
}
