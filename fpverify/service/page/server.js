// What is asked of the server: by the session's cookie, which no script can read.

const PATIENCE_MS = 60000; // an answer takes a tenth of a second; a server that is busy for a minute gives none

/** An answer that is none: why, by name and in words. */
export class Refusal extends Error {
  constructor(name, message, waitS = null) {
    super(message);
    this.name = name;
    this.waitS = waitS;
  }
}

/** The answer's fields; raises Refusal. Given may have `query`, `form` (of fields), `json` and `key`. */
export async function ask(method, path, { query = {}, form = null, json = null, key = null, repeat = null } = {}) {
  const headers = { "X-Fpverify-Page": "1" };
  if (key) headers.Authorization = `Bearer ${key}`;
  if (json) headers["Content-Type"] = "application/json";
  if (repeat) headers["Idempotency-Key"] = repeat;
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null && value !== ""));
  let answer;
  try {
    answer = await fetch(`v1/${path}${asked.size ? `?${asked}` : ""}`, {
      method, headers, body: json ? JSON.stringify(json) : formOf(form), cache: "no-store",
      credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    throw new Refusal(error.name === "TimeoutError" ? "NoAnswer" : "NoServer", error.message);
  }
  if (answer.ok) return answer.status === 204 ? {} : answer.json().catch(() => ({}));
  if (answer.status === 401) window.dispatchEvent(new Event("signed-out"));
  throw await refused(answer);
}

/** The refusal that an answer is. */
export async function refused(answer) {
  const fields = await answer.json().catch(() => ({}));
  const waitS = Number(answer.headers.get("Retry-After")) || null;
  return new Refusal(fields.error ?? "HttpError", fields.message ?? `HTTP ${answer.status}`, waitS);
}

/** A form of [name, value] pairs without those that hold nothing. */
function formOf(pairs) {
  if (!pairs) return undefined;
  const form = new FormData();
  for (const [name, value] of pairs) if (value !== null && value !== "") form.append(name, value);
  return form;
}

const INCLUDED = { // as in the service
  verify: ["verify"], scores: ["verify", "scores"], enroll: ["verify", "enroll"],
  admin: ["verify", "scores", "enroll", "admin"],
};

/** Whether a session allows what takes a key of some scope. */
export function allows(session, scope) {
  return (INCLUDED[session.scope] ?? []).includes(scope);
}
