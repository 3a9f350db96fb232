// What phones bring appears without reloading: the relay tells of every new position of its log, and
// of photos and devices beside it; whatever is shown is asked for anew.
import { computed, onScopeDispose, reactive, ref, shallowRef, watch, type Ref } from "vue";
import { wordsOf } from "../api/client";

/** How often the relay had something new, by what it was; 0 until it has said so. */
const counts = reactive({ position: 0, photos: 0, devices: 0 });
export type News = keyof typeof counts;

export const live = reactive({ isConnected: false });

/** Whether news come in, as a key of the catalogue. */
export const liveness = computed(() => (live.isConnected ? "live.on" : counts.position === 0 ? "live.begin" : "live.off"));

let source: EventSource | undefined;
const AGAIN_MS = 3_000;

/** Begins to listen. The browser reconnects by itself unless it is refused; then this does. */
export function listen(): void {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource("/api/news");
  source.addEventListener("news", (event) => {
    live.isConnected = true;
    Object.assign(counts, JSON.parse((event as MessageEvent<string>).data));
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

/** Does `work` after news of these kinds: once for a burst, with a rest between, until it has been
 * done since the last of them. */
export function whenNews(kinds: News[], work: () => Promise<void>): void {
  const heard = () => kinds.map((kind) => counts[kind]).join();
  let isAtWork = false;
  let isOver = false;
  async function follow(): Promise<void> {
    if (isAtWork) return;
    isAtWork = true;
    for (let done = ""; done !== heard() && !isOver; ) {
      await untilHandsRest();
      done = heard();
      await work();
      await pause(REST_MS);
    }
    isAtWork = false;
  }
  watch(
    () => kinds.map((kind) => counts[kind]),
    // How things stand at the beginning is no news.
    (now, before) => void (now.some((count, at) => before[at] !== 0 && count !== before[at]) && follow()),
  );
  onScopeDispose(() => (isOver = true));
}

/** What `load` gives (as JSON can write it), asked for again whenever `of` changes or there are such
 * news: the log has grown. Old data stay while new are on their way. */
export function useLive<T>(load: () => Promise<T>, of: () => unknown = () => null, kinds: News[] = ["position"]): Loaded<T> {
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

  watch(of, () => void reload(), { deep: true });
  whenNews(kinds, reload);
  onScopeDispose(() => (turn += 1));
  void reload();
  return { data, problem, isLoading, reload };
}
