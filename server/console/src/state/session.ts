// Who is signed in, and the relay's clock. A session that has run out is renewed in place: the
// dialog over the page asks for the password, and what was waiting goes on.
import { computed, reactive } from "vue";
import { api, ask, type Schemas } from "../api/client";

export type Me = Schemas["Me"];

interface Session {
  me: Me | null;
  isExpired: boolean;
}

export const session = reactive<Session>({ me: null, isExpired: false });

let clockOffset = 0;
let waiting: (() => void)[] = [];

/** The relay's time, in milliseconds: what is overdue is judged by it, not by this computer's. */
export function nowMs(): number {
  return Date.now() + clockOffset;
}

/** Tells other tabs who has signed in: those of the same person whose session has run out go on.
 * Those of another, whose session ended with that, begin anew as who is signed in now; what was
 * typed waits in its author's drafts. */
const tabs = new BroadcastChannel("vanguard.session");
tabs.onmessage = ({ data: member }: MessageEvent<string>) => {
  if (session.me && session.me.member !== member) location.reload();
  else if (session.isExpired) void resume();
};

function signedIn(me: Me): void {
  clockOffset = me.now_ms - Date.now();
  session.me = me;
  session.isExpired = false;
  for (const go of waiting.splice(0)) go();
}

/** Waits until somebody has signed in again. */
export function renewSession(): Promise<void> {
  session.isExpired = true;
  return new Promise((resolve) => waiting.push(resolve));
}

/** Goes on where the same person has signed in again. */
async function resume(): Promise<void> {
  const { data } = await api.GET("/me").catch(() => ({ data: undefined }));
  if (data && data.number === session.me?.number) signedIn(data);
}

/** Whether somebody is signed in, asked of the relay once. */
export async function findSession(): Promise<boolean> {
  if (session.me) return true;
  const { data } = await api.GET("/me").catch(() => ({ data: undefined }));
  if (data) signedIn(data);
  return Boolean(data);
}

export async function signIn(number: string, password: string): Promise<void> {
  entered(await ask(() => api.POST("/sessions", { body: { number, password } })));
}

export async function signInByLink(token: string): Promise<void> {
  entered(await ask(() => api.POST("/sessions/link", { body: { token } })));
}

/** Changes the own password; sessions elsewhere end, this one goes on as a new one. */
export async function changePassword(current: string, password: string): Promise<void> {
  entered(await ask(() => api.PUT("/me/password", { body: { current, password } })));
}

function entered(me: Me): void {
  signedIn(me);
  tabs.postMessage(me.member);
}

/** Signs out here, or on every computer, and begins anew with an empty page. */
export async function signOut(everywhere: boolean): Promise<void> {
  await ask(() => (everywhere ? api.DELETE("/sessions") : api.DELETE("/sessions/current")));
  waiting = [];
  location.assign("/signin");
}

/** The roles held, each once. */
export const roles = computed(() => [...new Set(session.me?.grants.map((grant) => grant.role))]);
