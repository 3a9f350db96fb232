// Lists by pages: more is added below when it is asked for, and news bring all that is shown anew.
import { computed, ref } from "vue";
import { useLive } from "./live";

interface Page<R> {
  rows: R[];
  next?: string | null;
}

const LIMIT = 100;

export function usePages<R>(load: (query: { after?: string; limit: number }) => Promise<Page<R>>, of: () => unknown) {
  const pages = ref(1);
  const first = () => {
    pages.value = 1;
    return of();
  };
  const { data, problem, isLoading, reload } = useLive(async () => {
    const rows: R[] = [];
    let after: string | undefined;
    for (let page = 0; page < pages.value; page += 1) {
      const found = await load({ after, limit: LIMIT });
      rows.push(...found.rows);
      after = found.next ?? undefined;
      if (!after) break;
    }
    return { rows, hasMore: Boolean(after) };
  }, first);
  const rows = computed(() => data.value?.rows ?? []);
  const hasMore = computed(() => data.value?.hasMore ?? false);

  async function more(): Promise<void> {
    pages.value += 1;
    await reload();
  }
  return { data, rows, hasMore, more, problem, isLoading, reload };
}
