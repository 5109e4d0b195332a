"use strict";
// The search runs in a worker, which browsers refuse to pages that lie in files: there, it runs in a hidden frame.
if (location.protocol === "file:") {
  window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      frame.srcdoc = `<!doctype html><html lang="en"><title>search</title><script src="${new URL(url, location.href)}"><\/script></html>`;
      this.ready = new Promise((done) => frame.addEventListener("load", () => done(frame.contentWindow), { once: true }));
      this.waiting = Promise.resolve();
      document.body.append(frame);
    }

    postMessage(data) {
      this.waiting = this.waiting.then(async () => {
        const inside = await this.ready;
        inside.postMessage = (answer) => this.dispatchEvent(new MessageEvent("message", { data: answer }));
        inside.dispatchEvent(new inside.MessageEvent("message", { data }));
      });
    }

    terminate() {}
  };
  window.Worker = window.IFrameWorker;
}
