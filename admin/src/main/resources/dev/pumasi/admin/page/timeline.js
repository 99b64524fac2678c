// The scrolling timeline: for each loop the last half minute, drawn from the bins of the frames. It runs a second behind, so that it
// scrolls evenly though frames come twice a second; who has asked for less motion sees it step.

import { keep, make, mark, say, show } from "./draw.js";

const SECONDS = 30;
const BEHIND = 1000;
const TRACKS_MOST = 16;
const STEP = 50;
const NAME_SHORT = 17;

export class Timeline {
  #box;
  #tracks = new Map();
  #binMillis = 10;
  #bin = 0;
  #at = 0;
  #asked = 0;
  #drawn = 0;
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  #running = false;

  constructor(box) {
    this.#box = box;
    const again = () => this.#draw();
    new ResizeObserver(again).observe(box);
  }

  /** Long turns of the last half minute, newest first: {loop, millis, thread, ago}. */
  longTurns() {
    const all = [];
    for (const [loop, track] of this.#tracks) {
      for (const turn of track.long.values()) {
        all.push({ loop, millis: turn.nanos / 1e6, thread: turn.thread, ago: ((this.#bin - turn.bin) * this.#binMillis) / 1000, bin: turn.bin });
      }
    }
    return all.sort((one, other) => other.bin - one.bin || other.millis - one.millis);
  }

  take(frame, all, words) {
    this.#binMillis = frame.binMillis;
    const now = performance.now();
    const expected = this.#bin + (now - this.#at) / this.#binMillis;
    // Follows the server's clock softly; what is far off (a pause, another process) is followed at once.
    this.#bin = Math.abs(expected - frame.bin) > 100 ? frame.bin : expected + (frame.bin - expected) * 0.1;
    this.#at = now;
    const oldest = frame.bin - (SECONDS * 1000 + 2 * BEHIND) / this.#binMillis;
    const loops = all.slice(0, TRACKS_MOST);
    for (const loop of loops) {
      let track = this.#tracks.get(loop.name);
      if (!track) {
        track = { bins: new Map(), long: new Map() };
        this.#tracks.set(loop.name, track);
      }
      (loop.busy ?? []).forEach((busy, i) => track.bins.set(loop.first + i, [busy, loop.green[i]]));
      for (const [bin, nanos, thread] of loop.long ?? []) track.long.set(bin, { bin, nanos, thread });
      for (const bin of track.bins.keys()) if (bin < oldest) track.bins.delete(bin);
      else break;
      for (const bin of track.long.keys()) if (bin < oldest) track.long.delete(bin);
    }
    for (const name of this.#tracks.keys()) if (!loops.some((loop) => loop.name === name)) this.#tracks.delete(name);
    mark(this.#box, "wide", loops.some((loop) => loop.name.length > NAME_SHORT));
    keep(
      this.#box,
      loops,
      (loop) => loop.name,
      () => {
        const row = make("div", "track");
        const canvas = make("canvas");
        canvas.setAttribute("role", "img");
        row.append(make("span", "name"), canvas, make("span", "now"));
        return row;
      },
      (row, loop) => {
        say(row.children[0], loop.name);
        row.children[0].title = loop.name;
        const share = loop.share === undefined || loop.share === null ? null : loop.share;
        say(row.children[2], share === null ? "–" : words.percent(share));
        const label = words.t("track", { loop: loop.name, share: share === null ? "–" : words.percent(share) });
        // Read aloud only when asked for; still, not written forty times a minute for nothing.
        if (row.children[1].getAttribute("aria-label") !== label) row.children[1].setAttribute("aria-label", label);
      },
    );
    if (!this.#running || this.#still.matches) this.#draw();
  }

  /** How many loops have a track. */
  get tracks() {
    return this.#tracks.size;
  }

  /** Begins or ends to scroll. */
  run(on) {
    if (on === this.#running) return;
    this.#running = on;
    if (on && !this.#still.matches) {
      const step = (time) => {
        if (!this.#running) return;
        if (time - this.#drawn >= STEP) {
          this.#drawn = time;
          this.#draw();
        }
        this.#asked = requestAnimationFrame(step);
      };
      this.#asked = requestAnimationFrame(step);
    } else {
      cancelAnimationFrame(this.#asked);
    }
  }

  clear() {
    this.#tracks.clear();
    this.#bin = 0;
  }

  #draw() {
    if (!this.#box.isConnected || this.#box.offsetParent === null) return;
    // As the legend has them: a canvas understands no variables.
    const colour = (name) => getComputedStyle(document.querySelector(`.key.${name}`));
    const colours = {
      green: colour("green").backgroundColor,
      busy: colour("busy").backgroundColor,
      long: colour("long").backgroundColor,
      unknown: colour("unknown").borderTopColor,
    };
    const last = this.#bin + (this.#running ? (performance.now() - this.#at) / this.#binMillis : 0) - BEHIND / this.#binMillis;
    const span = (SECONDS * 1000) / this.#binMillis;
    for (const row of this.#box.children) {
      const track = this.#tracks.get(row.firstChild.textContent);
      const canvas = row.children[1];
      if (track && canvas) this.#track(canvas, track, last, span, colours);
    }
  }

  #track(canvas, track, last, span, colours) {
    const scale = Math.min(2, devicePixelRatio || 1);
    const width = Math.max(1, Math.round(canvas.clientWidth * scale));
    const height = Math.round(canvas.clientHeight * scale);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    const column = Math.max(1, Math.round(scale));
    const floor = height;
    const room = height - 4 * scale;
    // Columns are fixed to bins, not to the edge: a column keeps its height while it moves.
    const per = Math.max(1, Math.round((span * column) / width));
    const pixels = (width / span) * per;
    const newest = Math.floor(last / per);
    for (let group = newest, x = width - (last - newest * per) * (width / span); x > -pixels; group--, x -= pixels) {
      let busy = -1;
      let green = 0;
      let seen = false;
      for (let bin = group * per; bin < (group + 1) * per; bin++) {
        const value = track.bins.get(bin);
        if (value) {
          seen = true;
          if (value[0] > busy) [busy, green] = value;
        }
      }
      if (!seen) continue;
      if (busy < 0) {
        pen.fillStyle = colours.unknown;
        pen.globalAlpha = 0.5;
        if (group % 2) pen.fillRect(x, 4 * scale, pixels, room);
        pen.globalAlpha = 1;
      } else if (busy > 0) {
        const whole = Math.max(scale, (busy / 100) * room);
        const low = (green / 100) * room;
        pen.fillStyle = colours.busy;
        pen.fillRect(x, floor - whole, pixels + 0.5, whole);
        pen.fillStyle = colours.green;
        pen.fillRect(x, floor - low, pixels + 0.5, low);
      }
    }
    pen.fillStyle = colours.long;
    for (const turn of track.long.values()) {
      const x = width - (last - turn.bin) * (width / span);
      const wide = Math.max(2 * scale, (turn.nanos / 1e6 / this.#binMillis) * (width / span));
      pen.fillRect(x, 0, wide, 3 * scale);
    }
  }
}

export function axis(box, labels) {
  show(box, true);
  let inner = box.firstElementChild;
  if (!inner) {
    inner = make("div");
    box.append(inner);
    for (let i = 0; i < labels.length; i++) inner.append(make("span"));
  }
  labels.forEach((label, i) => say(inner.children[i], label));
}
