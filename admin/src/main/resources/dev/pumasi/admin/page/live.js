// The page: takes frames from the feed, draws the tab that is open, and asks before it changes anything.

import { bar, empty, keep, make, mark, say, show, table } from "./draw.js";
import { Feed } from "./feed.js";
import { axis, Timeline } from "./timeline.js";
import { LANGUAGES, Words } from "./words.js";

const $ = (id) => document.getElementById(id);
const TABS = ["overview", "threads", "parts", "workers", "stalls", "actions"];
const ACTIONS = ["drain", "reload", "dump"];
const RATE_MILLIS = 2000;
const HIDDEN_MILLIS = 20000;
const GROUPS_MOST = 12;
const LONG_TURNS_MOST = 3;

// ---------------------------------------------------------------------------------------------- what is remembered

const remembered = {
  get(name) {
    try {
      return localStorage.getItem(`pumasi.${name}`);
    } catch {
      return null; // forbidden: then it is not remembered
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`pumasi.${name}`, value);
    } catch {
      // as above
    }
  },
};

/** The token: of this tab only. It comes from the link that the server printed, or from whoever types it. */
const token = {
  word: "",
  load() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    try {
      this.word = given ?? sessionStorage.getItem("pumasi.token") ?? "";
    } catch {
      this.word = given ?? "";
    }
    if (given !== null) {
      history.replaceState(null, "", location.pathname + location.search); // not to be shown, copied or kept in the history
      this.set(given);
    }
  },
  set(word) {
    this.word = word.trim();
    try {
      if (this.word) sessionStorage.setItem("pumasi.token", this.word);
      else sessionStorage.removeItem("pumasi.token");
    } catch {
      // for this page only, then
    }
  },
};

let words = new Words(remembered.get("language") ?? (navigator.language || "en").slice(0, 2));
let tab = TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "overview";
let frame = null;
let threads = null;
let link = { state: "connecting", detail: null };
let paused = false;
let filter = "";
let started = false;
let countdown = 0;
const past = [];
const timeline = new Timeline($("timeline"));
const axisBox = make("div", "axis");
$("timeline").after(axisBox);

// ---------------------------------------------------------------------------------------------- frames

token.load();
const feed = new Feed(told, heard, () => token.word);

function heard(event, data) {
  if (event === "frame") {
    const known = past.at(-1);
    if (known && known.process.pid !== data.process.pid) {
      past.length = 0; // another process has taken this address
      timeline.clear();
    }
    frame = data;
    past.push(data);
    while (past.length > 2 && data.now - past[1].now >= RATE_MILLIS) past.shift();
    timeline.take(frame, allLoops(frame), words);
  } else if (event === "threads") {
    threads = gathered(data);
  }
  draw();
}

/** The green threads of all processes as one list, who waits longest first. */
function gathered(data) {
  const all = { alive: data.alive + sum(data.workers ?? [], (worker) => worker.alive) };
  for (const list of ["threads", "stuck"]) all[list] = everywhere(data, (place) => place[list], "loop");
  if (data.workers?.length) all.threads.sort((one, other) => (other.millis ?? 0) - (one.millis ?? 0));
  return all;
}

function told(state, detail) {
  link = { state, detail, until: performance.now() + (detail?.millis ?? 0) };
  timeline.run(state === "live" && tab === "overview");
  clearInterval(countdown);
  if (state === "waiting") countdown = setInterval(drawCountdown, 250);
  drawLink();
  if (!frame) drawAwaiting();
}

/** How fast something grows, over the last two seconds; NaN while that is not known. */
function rate(read) {
  if (past.length < 2) return NaN;
  const [first, last] = [past[0], past.at(-1)];
  const [from, to] = [read(first), read(last)];
  if (!Number.isFinite(from) || !Number.isFinite(to) || last.now <= first.now) return NaN;
  return Math.max(0, ((to - from) * 1000) / (last.now - first.now));
}

function loopOf(whole, name) {
  return allLoops(whole).find((loop) => loop.name === name);
}

/** What is in this process and in all workers, with a name that tells them apart. */
function everywhere(whole, read, name) {
  const own = read(whole).map((each) => ({ ...each, [name]: each[name], worker: 0 }));
  const theirs = (whole.workers ?? []).flatMap((worker) =>
    (read(worker) ?? []).map((each) => ({ ...each, [name]: `${worker.pid} · ${each[name]}`, worker: worker.pid })),
  );
  return own.concat(theirs);
}

/** The loops of this process, or of all workers. */
function allLoops(whole) {
  return everywhere(whole, (place) => place.loops, "name");
}

/** The last times that loops were blocked, the newest first. */
function allStalls(whole) {
  return everywhere(whole, (place) => place.stalls, "loop").sort((one, other) => other.at - one.at);
}

function sum(list, read) {
  return list.reduce((total, each) => total + (read(each) || 0), 0);
}

function http(whole) {
  if (whole.http) return whole.http;
  const workers = (whole.workers ?? []).filter((worker) => worker.http);
  if (!workers.length) return null;
  const total = {};
  for (const worker of workers) for (const [name, value] of Object.entries(worker.http)) total[name] = (total[name] ?? 0) + value;
  return total;
}

// ---------------------------------------------------------------------------------------------- drawing

function draw() {
  drawLink();
  show($("awaiting"), !frame);
  mark(document.body, "awaiting", !frame);
  if (!frame) {
    drawAwaiting();
    return;
  }
  say($("title"), frame.title);
  const name = frame.title ? `${frame.title} – Pumasi` : "Pumasi";
  if (document.title !== name) document.title = name;
  const state = $("state");
  show(state, true);
  say(state, words.t(`state-${frame.state}`));
  mark(state, "good", frame.state === "READY");
  mark(state, "warn", frame.state !== "READY");
  const blocked = sum(allLoops(frame), (loop) => loop.stalls);
  show($("stall-badge"), blocked > 0);
  say($("stall-badge"), words.number(blocked));
  say(
    $("foot"),
    words.t("foot", {
      jdk: frame.process.jdk,
      processors: frame.process.processors,
      threads: frame.process.threads,
      viewers: frame.viewers,
      most: frame.viewersMax,
      time: words.clock(frame.now),
    }),
  );
  ({ overview: drawOverview, threads: drawThreads, parts: drawParts, workers: drawWorkers, stalls: drawStalls, actions: drawActions })[tab]();
}

/** Before the first frame each view says what will stand there; why it is not there yet is said beside it. */
function drawAwaiting() {
  const title = { connecting: "await-connecting", stopped: "await-stopped", refused: "await-refused" }[link.state] ?? "await-lost";
  empty($("awaiting"), words.t(title), words.t(`await-${tab}`));
}

/** How long until the next try: counted down where eyes see it, and not told aloud each second. */
function drawCountdown() {
  const left = Math.max(0, Math.ceil((link.until - performance.now()) / 1000));
  const box = $("notice").querySelector(".countdown");
  if (box) say(box, link.state === "waiting" ? words.t("next-try", { seconds: words.number(left) }) : words.t("trying"));
}

function drawLink() {
  const { state, detail } = link;
  const full = state === "waiting" && detail?.why?.error === "viewers";
  say($("link-text"), words.t(full ? "link-full" : `link-${state}`, { seconds: 5 }));
  mark($("link"), "good", state === "live");
  mark($("link"), "warn", ["silent", "waiting", "refused"].includes(state));
  mark(document.body, "stale", frame !== null && ["silent", "waiting", "refused"].includes(state));
  const notice = $("notice");
  let text = "";
  if (state === "refused") text = words.t("need-token");
  else if (full) text = words.t("full");
  else if (state === "waiting") text = frame ? words.t(frame.state === "DRAINING" ? "lost-drained" : "lost", { time: words.clock(frame.now) }) : words.t("lost-first");
  if (state !== "connecting") {
    show(notice, text !== "");
    if (notice.firstChild?.textContent !== text) {
      notice.replaceChildren(text);
      if (state === "waiting") {
        const wait = make("span", "countdown");
        wait.setAttribute("aria-hidden", "true");
        const again = make("button", "", words.t("try-now"));
        again.type = "button";
        again.addEventListener("click", () => feed.start());
        notice.append(" ", wait, again);
      }
      if (state === "refused") {
        const enter = make("button", "", words.t("enter-token"));
        enter.type = "button";
        enter.addEventListener("click", () => ask("token").then((answer) => answer && feed.start()));
        notice.append(enter);
      }
    }
  }
  drawCountdown();
}

/** Says how many are not listed. */
function drawMore(id, key, count) {
  show($(id), count > 0);
  say($(id), words.t(key, { count: words.number(count) }));
}

function tile(id, label, value, more, tone = "") {
  return { id, label, value, more, tone };
}

function drawOverview() {
  const loops = allLoops(frame);
  const all = http(frame);
  const tiles = [];
  if (all) {
    tiles.push(tile("requests", words.t("requests"), words.rate(rate((whole) => http(whole)?.requests)), words.t("requests-all", { count: words.number(all.requests) })));
    tiles.push(tile("open", words.t("open"), words.number(all.open), all.connectionsMax ? words.t("open-of", { count: words.number(all.connectionsMax) }) : words.t("open-all", { count: words.number(all.accepted) })));
  }
  tiles.push(tile("green", words.t("green"), words.number(sum(loops, (loop) => loop.greenAlive)), words.t("green-all", { count: words.number(sum(loops, (loop) => loop.greenStarted)) })));
  const hops = sum(loops, (loop) => loop.hops);
  tiles.push(tile("hops", words.t("hops"), words.number(hops), words.t(hops ? "hops-some" : "hops-none"), hops ? "" : "good"));
  const stalls = sum(loops, (loop) => loop.stalls);
  const now = allStalls(frame).filter((stall) => !stall.over).length;
  tiles.push(tile("stalls", words.t("stalls"), words.number(stalls), now ? words.t("stalls-now", { count: now }) : words.t(stalls ? "stalls-some" : "stalls-none"), now ? "bad" : ""));
  if (frame.workers?.length) {
    tiles.push(tile("workers", words.t("workers-count"), words.number(frame.workers.filter((worker) => worker.state === "SERVING").length), words.t("workers-more", { generation: frame.generation })));
  } else if (all) {
    tiles.push(tile("failures", words.t("failures"), words.number(all.failures), words.t("failures-more"), all.failures ? "bad" : ""));
  }
  const process = frame.process;
  const resident = sum(frame.workers ?? [], (worker) => worker.residentBytes) + Math.max(0, process.residentBytes);
  tiles.push(tile("memory", words.t("memory"), words.bytes(resident || process.heapBytes), words.t("memory-heap", { used: words.bytes(process.heapBytes + sum(frame.workers ?? [], (worker) => worker.heapBytes)) })));
  tiles.push(tile("uptime", words.t("uptime"), words.ageBriefly(process.uptimeMillis), words.t("uptime-more", { pid: process.pid })));
  if ($("tiles").firstElementChild?.classList.contains("empty")) $("tiles").replaceChildren();
  keep(
    $("tiles"),
    tiles,
    (each) => each.id,
    () => {
      const box = make("div", "tile");
      box.append(make("div", "label"), make("div", "value"), make("div", "more"));
      return box;
    },
    (box, each) => {
      say(box.children[0], each.label);
      say(box.children[1], each.value);
      say(box.children[2], each.more);
      box.children[1].title = each.value;
      box.children[2].title = each.more;
      mark(box, "bad", each.tone === "bad");
      mark(box, "good", each.tone === "good");
    },
  );
  drawTimeline();
  drawLoops(loops);
}

function drawTimeline() {
  const loops = allLoops(frame);
  const drawn = loops.some((loop) => loop.busy);
  show($("timeline"), drawn);
  show($("long-turns"), drawn);
  show(axisBox, drawn);
  const why = !loops.length ? "timeline-none" : frame.workers?.some((worker) => worker.reportedMillis === undefined) ? "timeline-workers" : "timeline-other";
  show($("timeline-empty"), !drawn);
  say($("timeline-empty"), words.t(why));
  drawMore("timeline-more", "timeline-more", drawn ? loops.length - timeline.tracks : 0);
  if (!drawn) return;
  axis(axisBox, [words.t("axis-from"), words.t("axis-to")]);
  const turns = timeline.longTurns().slice(0, LONG_TURNS_MOST);
  const lines = turns.map((turn) => ({
    key: `${turn.loop} ${turn.bin}`,
    text: words.t(turn.ago < 1 ? "long-turn-now" : "long-turn", {
      loop: turn.loop,
      time: words.time(turn.millis * 1e6),
      who: turn.thread ? words.t("who-green", { number: turn.thread }) : words.t("who-loop"),
      ago: words.age(Math.max(0, turn.ago) * 1000),
    }),
  }));
  if (!lines.length) lines.push({ key: "none", text: words.t("long-none") });
  keep($("long-turns"), lines, (line) => line.key, () => make("li"), (line, { text }) => say(line, text));
}

function busyOf(loop) {
  if (Number.isFinite(loop.share)) return loop.share;
  const processor = rate((whole) => loopOf(whole, loop.name)?.processorNanos);
  return Number.isFinite(processor) ? processor / 1e9 : NaN;
}

function drawLoops(loops) {
  drawMore("loops-more", "more", sum([frame, ...(frame.workers ?? [])], (place) => place.loopsLeftOut));
  if (!loops.length) {
    empty($("loops"), words.t("no-loops"), words.t("no-loops-about"));
    return;
  }
  const some = (read) => loops.some((loop) => read(loop) !== undefined);
  const columns = [
    {
      id: "name", label: words.t("loop"), className: "head",
      fill: (cell, loop) => {
        if (!cell.firstChild) cell.append(make("span"), make("small"));
        say(cell.firstChild, loop.name);
        say(cell.lastChild, loop.driver);
      },
    },
  ];
  columns.push({ id: "busy", label: words.t("busy"), title: words.t("busy-title"), className: "busy-cell", fill: (cell, loop) => bar(cell, busyOf(loop), words.percent(busyOf(loop))) });
  if (some((loop) => loop.turnMedian)) {
    columns.push({ id: "turn", label: words.t("turn"), title: words.t("turn-title"), className: "number", value: (loop) => (loop.turnMedian ? words.time(loop.turnMedian) : "–") });
    columns.push({
      id: "max", label: words.t("turn-max"), title: words.t("turn-title"), className: "number",
      fill: (cell, loop) => {
        say(cell, loop.turnMax ? words.time(loop.turnMax) : "–");
        mark(cell, "bad", loop.turnMax > 100e6);
      },
    });
  }
  columns.push({ id: "queue", label: words.t("queue"), title: words.t("queue-title"), className: "number", value: (loop) => words.number(loop.runnable + loop.foreign) });
  if (some((loop) => loop.open)) {
    columns.push({ id: "open", label: words.t("open"), className: "number", value: (loop) => words.number(loop.open) });
    columns.push({ id: "requests", label: words.t("requests-short"), className: "number", value: (loop) => words.rate(rate((whole) => loopOf(whole, loop.name)?.requests)) });
  }
  columns.push({ id: "green", label: words.t("green"), className: "number", value: (loop) => words.number(loop.greenAlive) });
  columns.push({ id: "operations", label: words.t("operations"), title: words.t("operations-title"), className: "number", value: (loop) => words.number(loop.operations) });
  columns.push({ id: "turns", label: words.t("turns-short"), className: "number", value: (loop) => words.rate(rate((whole) => loopOf(whole, loop.name)?.turns)) });
  columns.push({ id: "hops", label: words.t("hops"), className: "number", value: (loop) => words.number(loop.hops) });
  columns.push({
    id: "stalls", label: words.t("stalls-short"), className: "number",
    fill: (cell, loop) => {
      say(cell, words.number(loop.stalls));
      mark(cell, "bad", loop.stalls > 0);
    },
  });
  table($("loops"), columns, loops, (loop) => loop.name, words.t("loops"));
}

function stateTag(cell, text, tone) {
  let tag = cell.firstElementChild;
  if (!tag) {
    tag = make("span", "state");
    cell.append(tag);
  }
  say(tag, text);
  for (const each of ["good", "warn", "bad"]) mark(tag, each, each === tone);
}

/** Without what differs from one thread to the next: addresses, ports, numbers. */
function kindOf(thread) {
  if (!thread.waitsFor) return words.t(`state-${thread.state === "READY" ? "READY-thread" : thread.state}`);
  return thread.waitsFor.split(/ socket | — |@/)[0].trim();
}

function drawThreads() {
  const box = $("thread-table");
  if (!threads) {
    empty(box, words.t("waiting-threads"), words.t("waiting-threads-about"));
    return;
  }
  const groups = new Map();
  for (const thread of threads.threads) groups.set(kindOf(thread), (groups.get(kindOf(thread)) ?? 0) + 1);
  const chips = [...groups].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).slice(0, GROUPS_MOST);
  keep(
    $("thread-groups"),
    chips,
    ([kind]) => kind,
    ([kind]) => {
      const chip = make("button");
      chip.type = "button";
      chip.append(make("b"), " ", make("span"));
      chip.addEventListener("click", () => {
        filter = filter === kind.toLowerCase() ? "" : kind.toLowerCase();
        $("filter").value = filter;
        draw();
      });
      return chip;
    },
    (chip, [kind, count]) => {
      say(chip.firstChild, words.number(count));
      say(chip.lastChild, kind);
      chip.title = kind;
      chip.setAttribute("aria-pressed", String(filter === kind.toLowerCase()));
    },
  );
  const shown = threads.threads.filter((thread) => !filter || `${thread.loop} #${thread.number} ${thread.name} ${thread.waitsFor} ${kindOf(thread)}`.toLowerCase().includes(filter));
  say($("threads-count"), words.t("threads-count", { shown: words.number(shown.length), all: words.number(threads.alive) }));
  const stuck = threads.stuck.map((loop) => words.t("stuck", loop));
  if (!shown.length) {
    if (stuck.length) empty(box, stuck.join("\n"), "");
    else if (filter) empty(box, words.t("no-match"), words.t("no-match-about"));
    else empty(box, words.t("no-threads"), words.t("no-threads-about"));
    return;
  }
  const tones = { RUNS: "good", READY: "", WAITS: "", PINNED: "bad" };
  const columns = [
    { id: "thread", label: words.t("thread"), className: "head", value: (thread) => `#${thread.number}${thread.name ? ` ${thread.name}` : ""}` },
    { id: "state", label: words.t("thread-state"), fill: (cell, thread) => stateTag(cell, words.t(`state-${thread.state === "READY" ? "READY-thread" : thread.state}`), tones[thread.state]) },
    { id: "since", label: words.t("since"), className: "number", value: (thread) => (thread.millis === undefined ? "–" : words.time(thread.millis * 1e6)) },
    { id: "loop", label: words.t("loop"), value: (thread) => thread.loop },
    { id: "waits", label: words.t("waits-for"), className: "wide", value: (thread) => thread.waitsFor || "–" },
  ];
  table(box, columns, shown, (thread) => `${thread.worker} ${thread.number}`, words.t("threads-title"));
}

function drawParts() {
  const box = $("part-cards");
  drawMore("parts-more", "more", sum([frame, ...(frame.workers ?? [])], (place) => place.partsLeftOut));
  const parts = everywhere(frame, (place) => place.parts, "name");
  if (!parts.length) {
    let card = box.firstElementChild;
    if (!card?.classList.contains("nothing")) {
      box.known = undefined;
      card = make("section", "card nothing");
      box.replaceChildren(card);
    }
    empty(card, words.t("no-parts"), words.t("no-parts-about"));
    return;
  }
  if (box.firstElementChild?.classList.contains("nothing")) box.replaceChildren();
  const kinds = [...new Set(parts.map((part) => part.kind))];
  keep(
    box,
    kinds,
    (kind) => kind,
    () => {
      const card = make("section", "card");
      card.append(make("h2"), make("div"));
      return card;
    },
    (card, kind) => {
      const rows = parts.filter((part) => part.kind === kind).map((part, number) => ({ ...part, key: `${part.name} ${number}` }));
      say(card.firstChild, words.has(`part-${kind}`) ? words.t(`part-${kind}`) : words.t("part-other", { kind }));
      const columns = [
        {
          id: "name", label: words.t("name"), className: "head",
          fill: (cell, part) => {
            if (!cell.firstChild) cell.append(make("span"), make("div", "note"));
            say(cell.firstChild, part.name);
            say(cell.lastChild, part.note);
          },
        },
      ];
      for (const figure of Object.keys(rows[0].figures)) {
        columns.push({
          id: figure, label: words.has(`f-${figure}`) ? words.t(`f-${figure}`) : figure.replaceAll("_", " "), className: "number",
          value: (part) => (figure === "bytes" ? words.bytes(part.figures[figure]) : words.number(part.figures[figure])),
        });
      }
      table(card.lastChild, columns, rows, (part) => part.key, card.firstChild.textContent);
    },
  );
}

const WORKER_TONES = { SERVING: "good", READY: "good", STARTING: "warn", WARMING: "warn", LEAVING: "warn", GONE: "bad" };

/** What a worker does, and how good that is. One whose loop hangs does not answer its supervisor, but its report still comes. */
function workerState(worker) {
  if (worker.state !== "SERVING" || worker.answered) return [words.t(`w-${worker.state}`), WORKER_TONES[worker.state]];
  return [words.t((worker.stalls ?? []).some((stall) => !stall.over) ? "blocked-worker" : "silent-worker"), "bad"];
}

function drawWorkers() {
  drawMore("workers-more", "more", frame.workersLeftOut ?? 0);
  const box = $("worker-table");
  if (!frame.workers?.length) {
    empty(box, words.t("no-workers"), words.t("no-workers-about"));
    return;
  }
  const columns = [
    { id: "pid", label: words.t("pid"), className: "head", value: (worker) => worker.pid },
    { id: "state", label: words.t("worker-state"), fill: (cell, worker) => stateTag(cell, ...workerState(worker)) },
    { id: "generation", label: words.t("generation"), className: "number", value: (worker) => words.number(worker.generation) },
    { id: "age", label: words.t("age"), className: "number", value: (worker) => words.age(worker.ageMillis) },
    { id: "requests", label: words.t("requests-short"), className: "number", value: (worker) => words.rate(rate((whole) => whole.workers?.find((other) => other.pid === worker.pid)?.http?.requests)) },
    { id: "all", label: words.t("requests"), className: "number", value: (worker) => words.number(worker.http?.requests) },
    { id: "open", label: words.t("open"), className: "number", value: (worker) => words.number(worker.http?.open) },
    { id: "memory", label: words.t("memory-short"), className: "number", value: (worker) => words.bytes(worker.residentBytes) },
    { id: "heap", label: words.t("heap"), className: "number", value: (worker) => words.bytes(worker.heapBytes) },
    { id: "hops", label: words.t("hops"), className: "number", value: (worker) => words.number(sum(worker.loops ?? [], (loop) => loop.hops)) },
    { id: "stalls", label: words.t("stalls-short"), className: "number", value: (worker) => words.number(sum(worker.loops ?? [], (loop) => loop.stalls)) },
  ];
  columns[5].label = words.t("requests-total");
  table(box, columns, frame.workers, (worker) => worker.pid, words.t("tab-workers"));
}

function drawStalls() {
  const box = $("stall-list");
  const stalls = allStalls(frame);
  if (!stalls.length) {
    empty(box, words.t("no-stalls"), words.t("no-stalls-about"));
    return;
  }
  if (box.firstElementChild?.classList.contains("empty")) box.replaceChildren();
  keep(
    box,
    stalls,
    (stall) => `${stall.loop} ${stall.at}`,
    () => {
      const details = make("details");
      const summary = make("summary");
      summary.append(make("span", "mono"), make("strong"), make("span", "state"), make("span", "place"));
      details.append(summary, make("pre"));
      details.lastChild.tabIndex = 0;
      return details;
    },
    (details, stall) => {
      const summary = details.firstChild;
      say(summary.children[0], words.clock(stall.at));
      say(summary.children[1], stall.loop);
      say(summary.children[2], words.t(stall.over ? "stall-over" : "stall-now", { time: words.time(stall.millis * 1e6) }));
      mark(summary.children[2], "bad", !stall.over);
      say(summary.children[3], stall.report.split("\n")[0].replace(/^.*?: (it is )?/, ""));
      say(details.lastChild, stall.report);
    },
  );
}

// ---------------------------------------------------------------------------------------------- actions

function drawActions() {
  const offered = frame?.actions ?? [];
  keep(
    $("action-list"),
    ACTIONS,
    (name) => name,
    (name) => {
      const box = make("div", "action");
      const button = make("button");
      button.type = "button";
      button.id = `do-${name}`;
      button.addEventListener("click", () => act(name));
      box.append(make("h3"), make("p", "quiet"), button);
      return box;
    },
    (box, name) => {
      const there = offered.includes(name);
      say(box.children[0], words.t(name));
      say(box.children[1], words.t(there || !frame || name === "dump" ? `${name}-about` : `absent-${name}`));
      say(box.children[2], words.t(`${name}-yes`));
      box.children[2].disabled = !there;
    },
  );
}

/** Takes the answer to the question that is open. */
let answered = null;

// A browser tells of a close a moment later: by then the next question may be open, and its answer is another one.
$("ask").addEventListener("close", () => {
  if (!$("ask").open) answered?.($("ask").returnValue === "yes");
});

/** Asks, with the token if there is none yet. Answers false if it was not wanted. */
function ask(name) {
  answered?.(false);
  const dialog = $("ask");
  const onlyToken = name === "token";
  say($("ask-title"), words.t(onlyToken ? "enter-token" : `${name}-ask`));
  say($("ask-text"), words.t(onlyToken ? "need-token" : `${name}-text`));
  say($("ask-yes"), words.t(onlyToken ? "enter-token" : `${name}-yes`));
  const needed = onlyToken || !token.word;
  show($("ask-token"), needed);
  const field = $("token");
  field.required = needed;
  field.value = "";
  dialog.returnValue = "no";
  dialog.showModal();
  (needed ? field : $("ask-no")).focus();
  return new Promise((resolve) => {
    answered = (yes) => {
      answered = null;
      if (yes && needed) token.set(field.value);
      field.value = "";
      resolve(yes);
    };
  });
}

async function act(name) {
  const said = $("action-said");
  const tell = (text, bad) => {
    mark(said, "bad", bad);
    say(said, text);
  };
  if (!(await ask(name))) return;
  const action = words.t(name);
  tell(words.t("doing", { action }), false);
  try {
    const answer = await fetch(`actions/${name}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token.word}` },
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
    const what = await answer.json();
    if (answer.status === 401) {
      token.set("");
      tell(words.t("wrong-token"), true);
    } else if (!answer.ok) {
      tell(words.t("failed", { action, said: what.message }), true);
    } else if (name === "dump") {
      say($("dump-text"), what.said);
      show($("dump"), true);
      tell(words.t("dumped", { time: words.clock(Date.now()) }), false);
    } else {
      tell(words.t("did", { action, said: what.said }), false);
    }
  } catch {
    tell(words.t("failed", { action, said: words.t("unreachable") }), true);
  }
}

$("dump-save").addEventListener("click", () => {
  const file = URL.createObjectURL(new Blob([$("dump-text").textContent], { type: "text/plain" }));
  const save = make("a");
  save.href = file;
  save.download = `pumasi-threads-${frame?.process.pid ?? 0}.txt`;
  save.click();
  URL.revokeObjectURL(file);
});

$("ask").addEventListener("click", (event) => {
  if (event.target === $("ask")) $("ask").close("no"); // beside it
});

// ---------------------------------------------------------------------------------------------- tabs, settings

function open(name, focus) {
  tab = name;
  for (const each of TABS) {
    const button = $(`tab-${each}`);
    button.setAttribute("aria-selected", String(each === name));
    button.tabIndex = each === name ? 0 : -1;
    show($(each), each === name);
  }
  const button = $(`tab-${name}`);
  if (focus) button.focus();
  button.scrollIntoView({ block: "nearest", inline: "nearest" });
  history.replaceState(null, "", `#${name}`);
  if (started && feed.wantsThreads !== (name === "threads") && !paused) {
    threads = null;
    feed.start(name === "threads");
  }
  timeline.run(link.state === "live" && name === "overview");
  draw();
}

for (const name of TABS) $(`tab-${name}`).addEventListener("click", () => open(name, false));

document.querySelector(".tabs").addEventListener("keydown", (event) => {
  const at = TABS.indexOf(tab);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    open(TABS[(to + TABS.length) % TABS.length], true);
  }
});

function speak(language) {
  words = new Words(language);
  document.documentElement.lang = words.language;
  for (const element of document.querySelectorAll("[data-t]")) say(element, words.t(element.dataset.t));
  for (const element of document.querySelectorAll("[data-aria]")) {
    if (words.has(element.dataset.aria)) element.setAttribute("aria-label", words.t(element.dataset.aria));
  }
  for (const element of document.querySelectorAll("[data-placeholder]")) element.placeholder = words.t(element.dataset.placeholder);
  say($("pause"), words.t(paused ? "resume" : "pause"));
  draw();
}

/** Without a choice the browser follows the system. */
function paint() {
  const theme = $("theme").value;
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

$("theme").value = ["light", "dark"].includes(remembered.get("theme")) ? remembered.get("theme") : "auto";
$("theme").addEventListener("change", () => {
  remembered.set("theme", $("theme").value);
  paint();
});
$("language").value = words.language;
$("language").addEventListener("change", () => {
  if (LANGUAGES.includes($("language").value)) {
    remembered.set("language", $("language").value);
    speak($("language").value);
  }
});
$("filter").addEventListener("input", () => {
  filter = $("filter").value.trim().toLowerCase();
  draw();
});
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  say($("pause"), words.t(paused ? "resume" : "pause"));
  if (paused) feed.stop();
  else feed.start(tab === "threads");
});

// Nobody looks at a tab in the background: it gives its place to somebody else.
let hiding = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) {
    hiding = setTimeout(() => feed.stop(), HIDDEN_MILLIS);
  } else if (!paused && link.state === "stopped") {
    feed.start(tab === "threads");
  }
});

// The server sees at once who goes, and not when the browser gets round to it. Whoever comes back (by the browser's own way) looks again.
window.addEventListener("pagehide", () => feed.stop());
window.addEventListener("pageshow", (event) => {
  if (event.persisted && !paused) feed.start(tab === "threads");
});

paint();
speak(words.language);
open(tab, false);
started = true;
feed.start(tab === "threads");
