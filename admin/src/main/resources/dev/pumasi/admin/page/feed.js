// The stream of frames. EventSource cannot send a token in a header, so the events are read with fetch. It comes back by itself, with a
// pause that doubles up to ten seconds, and says at each moment how things stand. The page names itself, so that the server knows it when it
// asks anew, and counts it once.

const PAUSE_FIRST = 1000;
const PAUSE_MOST = 10000;
const SILENCE_MOST = 5000;

export class Feed {
  #told;
  #heard;
  #token;
  #page = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(16)).join("");
  #wantsThreads = false;
  #stopped = true;
  #stopping = null;
  #pause = PAUSE_FIRST;
  #timer = 0;
  #watch = 0;

  /** told(state, detail): connecting, live, silent, waiting {millis}, refused {error, message}, stopped. heard(event, data). */
  constructor(told, heard, token) {
    this.#told = told;
    this.#heard = heard;
    this.#token = token;
  }

  get wantsThreads() {
    return this.#wantsThreads;
  }

  start(wantsThreads = this.#wantsThreads) {
    this.#wantsThreads = wantsThreads;
    this.stop(true);
    this.#stopped = false;
    this.#pause = PAUSE_FIRST;
    this.#run();
  }

  stop(quietly = false) {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    this.#stopping?.abort();
    this.#stopping = null;
    if (!quietly) this.#told("stopped");
  }

  async #run() {
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#told("connecting");
    try {
      const headers = { Accept: "text/event-stream" };
      const token = this.#token();
      if (token) headers.Authorization = `Bearer ${token}`;
      const answer = await fetch(`events?page=${this.#page}${this.#wantsThreads ? "&threads=1" : ""}`, {
        headers,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        signal: stopping.signal,
      });
      if (!answer.ok) {
        const why = await answer.json().catch(() => ({ error: "status", message: `${answer.status}` }));
        if (stopping.signal.aborted) return;
        if (answer.status === 401) {
          this.#stopped = true;
          this.#told("refused", why);
          return;
        }
        this.#again(why);
        return;
      }
      await this.#read(answer.body.getReader(), stopping);
      if (!stopping.signal.aborted) this.#again(null);
    } catch {
      if (this.#stopping === stopping && !this.#stopped) this.#again(null);
    }
  }

  async #read(reader, stopping) {
    const decoder = new TextDecoder();
    let rest = "";
    this.#listen(stopping);
    for (;;) {
      const { done, value } = await reader.read();
      if (done || stopping.signal.aborted) return;
      rest += decoder.decode(value, { stream: true });
      for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
        const event = rest.slice(0, end);
        rest = rest.slice(end + 2);
        this.#event(event, stopping);
      }
    }
  }

  #event(text, stopping) {
    let name = "message";
    let data = "";
    for (const line of text.split("\n")) {
      if (line.startsWith("event: ")) name = line.slice(7);
      else if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (!data) return;
    this.#pause = PAUSE_FIRST;
    this.#listen(stopping);
    this.#heard(name, JSON.parse(data));
    this.#told("live");
  }

  /** Somebody pulled the plug, perhaps, and no one will tell us. */
  #listen(stopping) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#told("silent");
      this.#watch = setTimeout(() => {
        stopping.abort();
        if (!this.#stopped) this.#again(null);
      }, SILENCE_MOST);
    }, SILENCE_MOST);
  }

  #again(why) {
    clearTimeout(this.#watch);
    this.#told("waiting", { millis: this.#pause, why });
    this.#timer = setTimeout(() => this.#run(), this.#pause);
    this.#pause = Math.min(PAUSE_MOST, this.#pause * 2);
  }
}
