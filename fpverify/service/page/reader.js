// The reader that is connected to the server. What it sees stays there: a word comes here, and is sent in place of a file.

import { h, say, svg } from "./dom.js";
import { Refusal, ask, refused } from "./server.js";
import { errorText, t } from "./words.js";

export const CAPTURE = "application/x-fpverify-capture"; // as in the service
const under = new Set(); // captures that are waited for
let there = false;
let holds = false; // the service keeps something for this page

/** Says whether the server has a reader. */
export function setReader(yes) {
  there = Boolean(yes);
}

/** Ends what is waited for, and lets the service forget what was captured. */
export function forgetCaptures() {
  for (const one of under) one.abort();
  if (holds) ask("DELETE", "reader/captures").catch(() => {}); // it forgets by itself, too
  holds = false;
}

/** The next finger on the reader, as a file that stands for it. `ready` is called when it may be put down. */
export async function capture(ready, stop = new AbortController()) {
  under.add(stop);
  try {
    const answer = await fetch("v1/reader/captures", {
      method: "POST", headers: { "X-Fpverify-Page": "1" }, cache: "no-store", credentials: "same-origin", signal: stop.signal,
    });
    if (!answer.ok) throw await refused(answer);
    for await (const [name, data] of events(answer.body)) {
      if (name === "ready") ready();
      if (name === "failed") throw new Refusal(data.error, data.message);
      if (name === "captured") {
        holds = true;
        return new File([data.capture], t("reader.name"), { type: CAPTURE });
      }
    }
    throw new Refusal("NoServer", "the connection has ended");
  } catch (error) {
    if (stop.signal.aborted) throw new Refusal("Stopped", "");
    if (error.name === "Unauthorized") window.dispatchEvent(new Event("signed-out"));
    throw error instanceof Refusal ? error : new Refusal("NoServer", error.message);
  } finally {
    under.delete(stop);
  }
}

/** What the server tells, one [name, data] after the other. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      const parts = text.split("\n\n");
      text = parts.pop();
      for (const part of parts) {
        const name = /^event: (\w+)$/m.exec(part);
        const data = /^data: (.+)$/m.exec(part);
        if (name && data) yield [name[1], JSON.parse(data[1])];
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // so that the server knows that nobody listens
  }
}

/**
 * A button that captures, and what it says meanwhile; null where there is no reader. `take` is called with the file, and
 * says whether another one is wanted at once; `asks` gives what else is said to whoever stands there.
 */
export function readerSource(take, { asks = () => "" } = {}) {
  if (!there) return null;
  const name = h("span", {}, t("reader.use"));
  const button = h("button", { type: "button", class: "second reader" }, name);
  const said = h("p", { class: "live", role: "status", hidden: true });
  let stop = null;

  function show(text, kind = "") {
    said.hidden = !text;
    said.className = `live ${kind}`;
    said.textContent = text;
    name.textContent = t(stop ? "reader.stop" : "reader.use");
  }

  async function run() {
    const own = stop = new AbortController();
    show(t("reader.opening"));
    try {
      for (;;) {
        const file = await capture(() => show([t("reader.finger"), asks()].filter(Boolean).join(" "), "waits"), own);
        show(t("quality.asking"));
        if (!await take([file]) || own.signal.aborted) break;
        show(t("reader.lift"));
      }
      stop = null;
      show("");
    } catch (error) {
      stop = null;
      show(error.name === "Stopped" ? "" : errorText(error), "wrong");
      say(said.textContent);
    }
  }

  button.addEventListener("click", () => { if (stop) stop.abort(); else run(); });
  return { button, said };
}

const ARCS = ["M4 15a8 8 0 0 1 16 0v3", "M7 19v-4a5 5 0 0 1 10 0v5", "M10 21v-6a2 2 0 0 1 4 0v7"];

/** A sign for a print that is not shown. */
export function printSign() {
  return svg("svg", { viewBox: "0 0 24 24", class: "sign-of-print", "aria-hidden": "true" }, ARCS.map((d) => svg("path", { d })));
}
