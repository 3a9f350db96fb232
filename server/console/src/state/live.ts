// What phones bring appears without reloading: the relay tells of every new position of its log,
// and whatever is shown is asked for anew.
import { computed, onScopeDispose, reactive, ref, shallowRef, watch, type Ref } from "vue";
import { wordsOf } from "../api/client";

export const live = reactive({ position: 0, isConnected: false });

/** Whether news come in, as a key of the catalogue. */
export const liveness = computed(() => (live.isConnected ? "live.on" : live.position === 0 ? "live.begin" : "live.off"));

let source: EventSource | undefined;
const AGAIN_MS = 3_000;

/** Begins to listen. The browser reconnects by itself unless it is refused; then this does. */
export function listen(): void {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource("/api/news");
  source.addEventListener("position", (event) => {
    live.isConnected = true;
    live.position = Number((event as MessageEvent<string>).data);
  });
  source.addEventListener("error", () => {
    live.isConnected = false;
    if (source?.readyState === EventSource.CLOSED) setTimeout(() => document.hidden || listen(), AGAIN_MS);
  });
}

// Browsers open few connections to one server: a page that nobody looks at gives its own up, and
// hears what it missed when it is looked at again.
document.addEventListener("visibilitychange", () => {
  if (!source) return;
  if (document.hidden) {
    source.close();
    live.isConnected = false;
  } else {
    listen();
  }
});

export interface Loaded<T> {
  data: Ref<T | undefined>;
  problem: Ref<string>;
  isLoading: Ref<boolean>;
  reload: () => Promise<void>;
}

/** One reading for a burst of news. */
const BURST_MS = 250;
/** Where news never end, as in a large enterprise, so much time lies between two readings. */
const REST_MS = 2_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let scrolledAt = 0;
document.addEventListener("scroll", () => (scrolledAt = performance.now()), { capture: true, passive: true });

/** Nothing is drawn anew, or moves, under a hand that scrolls. */
async function untilHandsRest(): Promise<void> {
  do await pause(BURST_MS);
  while (performance.now() - scrolledAt < BURST_MS);
}

/** What `load` gives (as JSON can write it), asked for again whenever `of` changes or the log has
 * grown. Old data stay while new are on their way. */
export function useLive<T>(load: () => Promise<T>, of: () => unknown = () => null): Loaded<T> {
  const data = shallowRef<T>();
  const problem = ref("");
  const isLoading = ref(true);
  let turn = 0;
  let last: { data?: T; text?: string } = {};

  async function reload(): Promise<void> {
    const mine = ++turn;
    isLoading.value = true;
    try {
      const found = await load();
      if (mine !== turn) return;
      // Most news are about something else: what is shown is not drawn again for them.
      const text = JSON.stringify(found);
      if (text !== last.text || data.value !== last.data) {
        data.value = found;
        last = { data: found, text };
      }
      problem.value = "";
    } catch (error) {
      if (mine === turn) problem.value = wordsOf(error);
    }
    if (mine === turn) isLoading.value = false;
  }

  let isFollowing = false;
  let isOver = false;
  /** Reads until what is shown is what there is. */
  async function follow(): Promise<void> {
    if (isFollowing) return;
    isFollowing = true;
    for (let shown = -1; shown < live.position && !isOver; ) {
      await untilHandsRest();
      shown = live.position;
      await reload();
      await pause(REST_MS);
    }
    isFollowing = false;
  }

  watch(of, () => void reload(), { deep: true });
  watch(
    () => live.position,
    (_, before) => {
      if (before !== 0) void follow();
    },
  );
  onScopeDispose(() => {
    turn += 1;
    isOver = true;
  });
  void reload();
  return { data, problem, isLoading, reload };
}
