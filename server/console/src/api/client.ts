// The relay's API, typed by its own description. Every request goes through `ask`, which turns
// problems into `Problem`, and has an expired session renewed before it asks again, so that
// nothing that somebody typed is lost.
import createClient from "openapi-fetch";
import { labelled, language, t } from "../i18n";
import { renewSession, session } from "../state/session";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

export const api = createClient<paths>({
  baseUrl: "/api",
  querySerializer: { array: { style: "form", explode: false } },
});

api.use({
  onRequest({ request }) {
    request.headers.set("Accept-Language", language.value);
    // All pages of a browser share one cookie: the relay does nothing for anybody but whom this
    // page shows.
    if (request.method !== "GET" && session.me) request.headers.set("Vanguard-Member", session.me.member);
    return request;
  },
});

/** Why a request was not carried out, in words. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly detail = "",
    readonly refusal?: string,
  ) {
    super(message);
  }

  /** Whether the relay has judged: the same again would be answered in the same way. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && ![408, 429].includes(this.status);
  }

  /** Everything that it says, in one line. */
  get text(): string {
    return this.detail && this.detail !== this.message ? labelled(this.message, this.detail) : this.message;
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Asks the relay; where nobody is signed in any more, waits until somebody is and asks again. */
export async function ask<T>(request: () => Promise<Answer<T>>): Promise<T> {
  for (;;) {
    let answer: Answer<T>;
    try {
      answer = await request();
    } catch {
      throw new Problem(0, t("problem.unreachable"));
    }
    if (answer.response.ok) return answer.data as T;
    const body = (answer.error ?? {}) as { title?: string; detail?: string; refusal?: string };
    if (answer.response.status === 401 && !answer.response.url.includes("/sessions")) {
      await renewSession();
      continue;
    }
    throw new Problem(
      answer.response.status,
      body.title ?? t("problem.unexpected", { error: `HTTP ${answer.response.status}` }),
      body.detail,
      body.refusal,
    );
  }
}

/** The words of whatever went wrong. */
export function wordsOf(error: unknown): string {
  return error instanceof Problem ? error.text : t("problem.unexpected", { error: String(error) });
}
