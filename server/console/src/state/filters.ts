// The filter of a list as the page's address has it, so that it can be gone back to, sent to
// somebody and saved as a view.
import { computed, reactive, watch } from "vue";
import { useRoute, useRouter } from "vue-router";

export type Filters = Record<string, string | undefined>;

export function useFilters(defaults: Filters = {}) {
  const route = useRoute();
  const router = useRouter();
  const given = Object.fromEntries(
    Object.entries(route.query).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
  const filters = reactive<Filters>(Object.keys(given).length ? given : { ...defaults });
  const query = computed(() =>
    Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined && value !== "")),
  );
  // A default that was taken away is said to be empty, so that it does not come back with the page.
  const address = computed(() => ({ ...Object.fromEntries(Object.keys(defaults).map((key) => [key, ""])), ...query.value }));
  watch(address, (wanted) => void router.replace({ query: wanted as Record<string, string> }));

  function set(all: Filters): void {
    for (const key of Object.keys(filters)) delete filters[key];
    Object.assign(filters, all);
  }
  /** Gives one of them another value. */
  function put(key: string, value: string | undefined): void {
    filters[key] = value;
  }
  return { filters, query, set, put };
}
