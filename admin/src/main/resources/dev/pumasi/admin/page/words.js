// What the page says, in both languages. {name} stands for a value.

const WORDS = {
  en: {
    skip: "Skip to content", pause: "Pause", resume: "Resume", theme: "Appearance", "theme-auto": "System", "theme-light": "Light", "theme-dark": "Dark",
    language: "Language", tabs: "Views", cancel: "Cancel", save: "Save", token: "Token",
    "tab-overview": "Overview", "tab-threads": "Green threads", "tab-parts": "Pools and queues", "tab-workers": "Workers", "tab-stalls": "Blocked loops", "tab-actions": "Actions",
    "state-READY": "Ready", "state-WARMING": "Warming up", "state-DRAINING": "Draining",
    "link-connecting": "Connecting…", "link-live": "Live", "link-silent": "No news for {seconds} s", "link-waiting": "Disconnected – trying again", "link-stopped": "Paused", "link-refused": "Token needed", "link-full": "All places taken – trying again",
    "await-connecting": "Asking the server…", "await-lost": "Nothing has come from the server yet", "await-stopped": "Paused before anything came", "await-refused": "The token is needed first",
    "await-overview": "Here come the figures of this server, and what each loop has done in the last 30 seconds.", "await-threads": "Here comes a list of all green threads, and what each waits for.", "await-parts": "Here come thread pools, databases, queue topics and consumer groups.", "await-workers": "Here come the worker processes, if there are any.", "await-stalls": "Here come the times when a loop did not turn, with the stack that held it.", "await-actions": "Here come the buttons: drain, reload, dump.",
    "next-try": "Next try in {seconds} s.", "trying": "Trying…", "try-now": "Try now",
    "lost": "The connection to the server is lost. What you see is from {time}; the page tries again by itself.",
    "lost-first": "The server cannot be reached yet. The page tries again by itself.",
    "lost-drained": "The server was draining and has ended. If another takes its place at this address, the page connects by itself.",
    "full": "As many people as may look are looking already. The page tries again by itself.",
    "need-token": "This server shows its page only to those who have its token. It was printed when the server started.", "enter-token": "Enter the token",
    "token-about": "Printed when the server started, or read from its file. It stays in this browser tab and goes nowhere else.",
    "requests": "Requests/s", "requests-all": "{count} in all", "open": "Connections", "open-of": "of {count}", "open-all": "{count} accepted", "green": "Green threads", "green-all": "{count} started",
    "hops": "Hops", "hops-none": "as it should be", "hops-some": "woken from outside", "stalls": "Blocked loops", "stalls-none": "none", "stalls-some": "see the list", "stalls-now": "{count} right now",
    "memory": "Memory", "memory-heap": "heap {used}", "uptime": "Up for", "uptime-more": "process {pid}", "failures": "Failures", "failures-more": "in handlers", "workers-count": "Workers", "workers-more": "generation {generation}",
    "timeline": "The last 30 seconds", "key-green": "green threads", "key-busy": "the loop itself", "key-long": "turn over 5 ms", "key-unknown": "not seen",
    "track": "{loop}: busy {share} of the time. The table below has the figures.", "axis-from": "30 s ago", "axis-to": "now",
    "timeline-other": "Somebody else records these loops just now (pumasi trace, or another page), and a loop has one recording at a time. The timeline comes back when that is over.",
    "timeline-workers": "The workers have not told yet what their loops do; it comes with one of the next frames.",
    "timeline-none": "This model has no event loops, so there is no timeline.", "timeline-more": "and {count} more loops, in the table",
    "long-turns": "Long turns", "long-turn": "{loop} was held for {time} by {who}, {ago} ago", "long-turn-now": "{loop} was held for {time} by {who}, just now", "who-green": "green thread #{number}", "who-loop": "its own thread", "long-none": "No turn took longer than 5 ms in the last half minute.",
    "loops": "Loops", "loop": "Loop", "worker": "Worker", "busy": "Busy", "busy-title": "Share of the time in which it turned; the rest it slept in the kernel", "turn": "Turn", "turn-max": "longest", "turn-title": "Of the turns of the last five seconds: the median, and the longest", "queue": "Run queue", "queue-title": "Tasks and green threads that wait for their turn",
    "operations": "Operations", "operations-title": "What the kernel looks after for this loop", "requests-short": "Requests/s", "requests-total": "Requests", "turns-short": "Turns/s", "more": "{count} more are not listed.",
    "no-loops": "No loops", "no-loops-about": "In this model threads wait for connections; there is no event loop to look at.",
    "threads-title": "Green threads, and what they wait for", "threads-count": "{shown} of {all} shown", "filter": "Filter", "filter-hint": "Filter: loop, number, what it waits for",
    "thread": "Thread", "thread-state": "State", "waits-for": "Waits for", "since": "For", "state-RUNS": "runs", "state-READY-thread": "ready", "state-WAITS": "waits", "state-PINNED": "pinned",
    "no-threads": "No green threads just now", "no-threads-about": "Idle connections have none: a green thread is there while a handler runs.", "no-match": "Nothing matches the filter", "no-match-about": "Clear it to see all of them.", "stuck": "{loop} does not turn: {why}", "waiting-threads": "Asking the loops…", "waiting-threads-about": "The list comes with the next frame.",
    "no-parts": "No pools, databases or queues yet", "no-parts-about": "Offload pools, databases and queues appear here as soon as the program opens one.",
    "part-offload": "Offload pools", "part-database": "Databases", "part-queue_topic": "Queue topics", "part-queue_group": "Consumer groups", "part-other": "Other parts: {kind}",
    "name": "Name", "f-threads": "threads", "f-waiting": "waiting", "f-waiting_max": "waiting at most", "f-done": "done", "f-rejected": "rejected", "f-abandoned": "abandoned", "f-connections": "connections", "f-connections_max": "connections at most", "f-in_use": "in use", "f-admitted": "admitted", "f-refused_at_once": "refused at once", "f-refused_late": "waited in vain",
    "f-published": "published", "f-bytes": "bytes", "f-duplicates": "duplicates", "f-refused": "refused", "f-syncs": "syncs", "f-damaged": "damaged bytes", "f-messages": "kept messages", "f-lag": "lag", "f-in_flight": "in flight", "f-delivered": "delivered", "f-acknowledged": "acknowledged", "f-overdue": "overdue", "f-dead_letters": "dead letters", "f-lost": "lost", "f-members": "members",
    "pid": "Process", "age": "Age", "generation": "Generation", "worker-state": "State", "memory-short": "Memory", "heap": "Heap", "stalls-short": "Blocked",
    "w-STARTING": "starting", "w-WARMING": "warming up", "w-READY": "ready", "w-SERVING": "serving", "w-LEAVING": "leaving", "w-GONE": "gone", "silent-worker": "does not answer", "blocked-worker": "blocked",
    "no-workers": "One process serves", "no-workers-about": "There are worker processes with --model preforked; then each has a line here.",
    "stalls-title": "Loops that did not turn", "stalls-about": "The watchdog found these. Everything else on the loop waited meanwhile. The last eight of each loop are kept.", "no-stalls": "No loop has been blocked", "no-stalls-about": "A loop that does not turn for longer than the patience (500 ms unless set) appears here with its stack.",
    "stall-now": "for {time}, still", "stall-over": "for {time}",
    "actions-about": "They change what runs, so each asks first and needs the token.",
    "drain": "Drain", "drain-about": "Accepts no new connections, lets every connection have its last answer, and ends when the last is gone. Load balancers see 503 at /ready at once.", "drain-ask": "Drain this server?", "drain-text": "It accepts no new connections from now on. This cannot be taken back.", "drain-yes": "Drain",
    "reload": "Reload", "reload-about": "Starts new worker processes from the options and files as they are now; the old ones leave when the new ones serve. If the new ones do not start, the old ones stay.", "reload-ask": "Reload?", "reload-text": "New workers are started beside the old ones; for a moment twice the memory is needed.", "reload-yes": "Reload",
    "dump": "Dump", "dump-about": "Every green thread of every loop with its stack. Nothing stops, but stacks may tell of what is served.", "dump-ask": "Take a thread dump?", "dump-text": "The loops list their green threads, a few in each turn.", "dump-yes": "Take it", "dump-title": "Thread dump",
    "absent-reload": "Only worker processes can be reloaded (--model preforked).", "absent-drain": "This page may not drain what it shows.",
    "doing": "{action}: under way…", "did": "{action}: {said}", "failed": "{action} failed: {said}", "dumped": "The dump was taken at {time}.", "wrong-token": "That is not the token. Nothing was changed.", "unreachable": "the server cannot be reached",
    "foot": "Pumasi on JDK {jdk}, {processors} processors, {threads} platform threads · {viewers} of {most} viewers · figures as of {time}", "age-d": "{d} d {h} h", "age-h": "{h} h {m} min", "age-m": "{m} min {s} s", "age-s": "{s} s", "age-only-d": "{d} d", "age-only-h": "{h} h", "age-only-m": "{m} min",
  },
  ko: {
    skip: "본문으로 건너뛰기", pause: "일시 정지", resume: "다시 보기", theme: "화면 모드", "theme-auto": "시스템", "theme-light": "밝게", "theme-dark": "어둡게",
    language: "언어", tabs: "보기", cancel: "취소", save: "저장", token: "토큰",
    "tab-overview": "개요", "tab-threads": "그린 스레드", "tab-parts": "풀과 큐", "tab-workers": "워커", "tab-stalls": "막힌 루프", "tab-actions": "작업",
    "state-READY": "준비됨", "state-WARMING": "준비 중", "state-DRAINING": "정리 중",
    "link-connecting": "연결 중…", "link-live": "실시간", "link-silent": "{seconds}초째 소식 없음", "link-waiting": "연결 끊김 – 다시 시도 중", "link-stopped": "일시 정지됨", "link-refused": "토큰 필요", "link-full": "자리 없음 – 다시 시도 중",
    "await-connecting": "서버에 묻는 중…", "await-lost": "아직 서버에서 온 것이 없습니다", "await-stopped": "아무것도 받기 전에 멈췄습니다", "await-refused": "먼저 토큰이 필요합니다",
    "await-overview": "이 서버의 수치와 최근 30초 동안 루프마다 한 일이 여기에 나타납니다.", "await-threads": "모든 그린 스레드와 저마다 기다리는 대상이 여기에 나타납니다.", "await-parts": "스레드 풀, 데이터베이스, 큐 토픽, 소비자 그룹이 여기에 나타납니다.", "await-workers": "워커 프로세스가 있으면 여기에 나타납니다.", "await-stalls": "루프가 돌지 않았던 때와 그때의 스택이 여기에 나타납니다.", "await-actions": "정리, 다시 읽기, 덤프 버튼이 여기에 나타납니다.",
    "next-try": "{seconds}초 뒤 다시 시도합니다.", "trying": "다시 시도하는 중…", "try-now": "지금 시도",
    "lost": "서버와 연결이 끊겼습니다. 지금 보이는 값은 {time} 기준이며, 자동으로 다시 연결합니다.",
    "lost-first": "아직 서버에 연결할 수 없습니다. 자동으로 다시 시도합니다.",
    "lost-drained": "서버가 정리를 마치고 종료했습니다. 같은 주소에 다른 서버가 뜨면 자동으로 연결합니다.",
    "full": "볼 수 있는 인원이 모두 찼습니다. 자동으로 다시 시도합니다.",
    "need-token": "이 서버의 페이지는 토큰이 있어야 볼 수 있습니다. 토큰은 서버가 시작할 때 출력됩니다.", "enter-token": "토큰 입력",
    "token-about": "서버가 시작할 때 출력되었거나 지정한 파일에 있습니다. 이 브라우저 탭에만 보관되며 다른 곳으로 보내지 않습니다.",
    "requests": "초당 요청", "requests-all": "모두 {count}건", "open": "연결", "open-of": "최대 {count}개", "open-all": "지금까지 {count}개", "green": "그린 스레드", "green-all": "지금까지 {count}개",
    "hops": "홉", "hops-none": "없음 (정상)", "hops-some": "다른 스레드가 깨움", "stalls": "막힌 루프", "stalls-none": "없음", "stalls-some": "목록 참고", "stalls-now": "지금 {count}개",
    "memory": "메모리", "memory-heap": "힙 {used}", "uptime": "가동 시간", "uptime-more": "프로세스 {pid}", "failures": "실패", "failures-more": "예외를 던진 핸들러", "workers-count": "워커", "workers-more": "{generation}세대",
    "timeline": "최근 30초", "key-green": "그린 스레드", "key-busy": "루프 자신", "key-long": "5 ms 넘는 턴", "key-unknown": "관측 안 됨",
    "track": "{loop}: 전체 시간의 {share} 동안 일했습니다. 자세한 수치는 아래 표에 있습니다.", "axis-from": "30초 전", "axis-to": "지금",
    "timeline-other": "지금 다른 곳에서 이 루프를 기록하고 있습니다(pumasi trace 또는 다른 페이지). 루프 하나는 한 번에 하나만 기록할 수 있으므로, 끝나면 타임라인이 다시 나타납니다.",
    "timeline-workers": "워커들이 아직 루프의 움직임을 알려 오지 않았습니다. 곧 이어지는 프레임에 나타납니다.",
    "timeline-none": "이 모델에는 이벤트 루프가 없어 타임라인도 없습니다.", "timeline-more": "그 밖의 루프 {count}개는 표에 있습니다",
    "long-turns": "긴 턴", "long-turn": "{ago} 전 {loop}: {who} 때문에 {time} 동안 붙잡힘", "long-turn-now": "방금 {loop}: {who} 때문에 {time} 동안 붙잡힘", "who-green": "그린 스레드 #{number}", "who-loop": "루프 자신의 스레드", "long-none": "최근 30초 동안 5 ms를 넘은 턴이 없습니다.",
    "loops": "루프", "loop": "루프", "worker": "워커", "busy": "사용률", "busy-title": "전체 시간 중 루프가 돈 비율입니다. 나머지는 커널에서 잠들어 있었습니다", "turn": "턴", "turn-max": "최장", "turn-title": "최근 5초 동안 턴의 중앙값과 최댓값", "queue": "실행 대기", "queue-title": "차례를 기다리는 작업과 그린 스레드",
    "operations": "진행 중 연산", "operations-title": "이 루프를 위해 커널이 지켜보는 것", "requests-short": "요청/초", "requests-total": "요청", "turns-short": "턴/초", "more": "그 밖의 {count}개는 목록에 없습니다.",
    "no-loops": "루프 없음", "no-loops-about": "이 모델에서는 스레드가 연결을 기다리므로 살펴볼 이벤트 루프가 없습니다.",
    "threads-title": "그린 스레드와 기다리는 대상", "threads-count": "전체 {all}개 중 {shown}개 표시", "filter": "거르기", "filter-hint": "거르기: 루프, 번호, 기다리는 대상",
    "thread": "스레드", "thread-state": "상태", "waits-for": "기다리는 대상", "since": "기다린 시간", "state-RUNS": "실행 중", "state-READY-thread": "실행 대기", "state-WAITS": "대기", "state-PINNED": "고정됨",
    "no-threads": "지금은 그린 스레드가 없습니다", "no-threads-about": "쉬고 있는 연결에는 그린 스레드가 없습니다. 핸들러가 도는 동안에만 있습니다.", "no-match": "조건에 맞는 것이 없습니다", "no-match-about": "거르기를 지우면 모두 보입니다.", "stuck": "{loop}이(가) 돌지 않습니다: {why}", "waiting-threads": "루프에 묻는 중…", "waiting-threads-about": "다음 프레임에 목록이 옵니다.",
    "no-parts": "아직 풀, 데이터베이스, 큐가 없습니다", "no-parts-about": "프로그램이 오프로드 풀이나 데이터베이스, 큐를 열면 바로 여기에 나타납니다.",
    "part-offload": "오프로드 풀", "part-database": "데이터베이스", "part-queue_topic": "큐 토픽", "part-queue_group": "소비자 그룹", "part-other": "기타: {kind}",
    "name": "이름", "f-threads": "스레드", "f-waiting": "대기", "f-waiting_max": "최대 대기", "f-done": "완료", "f-rejected": "거절", "f-abandoned": "포기", "f-connections": "연결", "f-connections_max": "최대 연결", "f-in_use": "사용 중", "f-admitted": "허용", "f-refused_at_once": "즉시 거절", "f-refused_late": "기다리다 거절",
    "f-published": "발행", "f-bytes": "바이트", "f-duplicates": "중복", "f-refused": "거절", "f-syncs": "디스크 동기화", "f-damaged": "손상된 바이트", "f-messages": "보관 중", "f-lag": "밀린 메시지", "f-in_flight": "처리 중", "f-delivered": "전달", "f-acknowledged": "확인", "f-overdue": "시간 초과", "f-dead_letters": "데드 레터", "f-lost": "유실", "f-members": "소비자",
    "pid": "프로세스", "age": "나이", "generation": "세대", "worker-state": "상태", "memory-short": "메모리", "heap": "힙", "stalls-short": "막힘",
    "w-STARTING": "시작 중", "w-WARMING": "예열 중", "w-READY": "준비됨", "w-SERVING": "서비스 중", "w-LEAVING": "떠나는 중", "w-GONE": "종료됨", "silent-worker": "응답 없음", "blocked-worker": "루프 막힘",
    "no-workers": "프로세스 하나로 서비스합니다", "no-workers-about": "--model preforked로 띄우면 워커 프로세스가 생기고, 여기에 한 줄씩 나타납니다.",
    "stalls-title": "돌지 않았던 루프", "stalls-about": "감시 스레드가 찾아낸 것입니다. 그동안 같은 루프의 다른 일은 모두 기다렸습니다. 루프마다 최근 여덟 건을 보관합니다.", "no-stalls": "막힌 루프가 없습니다", "no-stalls-about": "정해진 시간(기본 500 ms)보다 오래 돌지 않는 루프가 있으면 스택과 함께 여기에 나타납니다.",
    "stall-now": "{time}째 계속", "stall-over": "{time} 동안",
    "actions-about": "실행 중인 서버를 바꾸는 일이므로 먼저 확인하고 토큰을 묻습니다.",
    "drain": "정리하고 종료", "drain-about": "새 연결을 받지 않고, 남은 연결에는 마지막 응답까지 보낸 뒤 종료합니다. /ready는 바로 503을 답해 로드 밸런서가 알 수 있습니다.", "drain-ask": "이 서버를 정리할까요?", "drain-text": "지금부터 새 연결을 받지 않습니다. 되돌릴 수 없습니다.", "drain-yes": "정리하기",
    "reload": "다시 읽기", "reload-about": "지금의 옵션과 파일로 새 워커 프로세스를 띄웁니다. 새 워커가 서비스를 시작하면 옛 워커가 떠납니다. 새 워커가 뜨지 못하면 옛 워커가 그대로 남습니다.", "reload-ask": "다시 읽을까요?", "reload-text": "옛 워커 옆에 새 워커를 띄우므로 잠시 메모리가 두 배로 필요합니다.", "reload-yes": "다시 읽기",
    "dump": "스레드 덤프", "dump-about": "모든 루프의 그린 스레드를 스택과 함께 보여 줍니다. 멈추는 것은 없지만, 스택에 서비스 내용이 드러날 수 있습니다.", "dump-ask": "스레드 덤프를 뜰까요?", "dump-text": "루프가 턴마다 몇 개씩 그린 스레드를 적어 냅니다.", "dump-yes": "덤프 뜨기", "dump-title": "스레드 덤프",
    "absent-reload": "워커 프로세스가 있는 모델(--model preforked)에서만 됩니다.", "absent-drain": "이 페이지에서는 정리할 수 없습니다.",
    "doing": "{action}: 진행 중…", "did": "{action}: {said}", "failed": "{action} 실패: {said}", "dumped": "{time}에 덤프를 떴습니다.", "wrong-token": "토큰이 맞지 않습니다. 바뀐 것은 없습니다.", "unreachable": "서버에 연결할 수 없습니다",
    "foot": "Pumasi · JDK {jdk} · 프로세서 {processors}개 · 플랫폼 스레드 {threads}개 · 보는 사람 {viewers}/{most} · {time} 기준", "age-d": "{d}일 {h}시간", "age-h": "{h}시간 {m}분", "age-m": "{m}분 {s}초", "age-s": "{s}초", "age-only-d": "{d}일", "age-only-h": "{h}시간", "age-only-m": "{m}분",
  },
};

export const LANGUAGES = Object.keys(WORDS);

/** The words and numbers of one language. */
export class Words {
  #words;

  constructor(language) {
    this.language = LANGUAGES.includes(language) ? language : "en";
    this.#words = WORDS[this.language];
    this.#whole = new Intl.NumberFormat(this.language, { maximumFractionDigits: 0 });
    this.#tenth = new Intl.NumberFormat(this.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    this.#clock = new Intl.DateTimeFormat(this.language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  }

  #whole;
  #tenth;
  #clock;

  has(key) {
    return key in this.#words;
  }

  t(key, values = {}) {
    const text = this.#words[key] ?? WORDS.en[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
  }

  number(value) {
    return Number.isFinite(value) ? this.#whole.format(value) : "–";
  }

  /** A rate: with one digit behind the point where it is small. */
  rate(value) {
    if (!Number.isFinite(value)) return "–";
    return value >= 100 || value === 0 ? this.#whole.format(value) : this.#tenth.format(value);
  }

  percent(share) {
    return Number.isFinite(share) ? `${this.#whole.format(share * 100)} %` : "–";
  }

  bytes(value) {
    if (!Number.isFinite(value) || value < 0) return "–";
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    let left = value;
    while (left >= 1024 && unit < units.length - 1) {
      left /= 1024;
      unit++;
    }
    return `${left >= 100 || unit === 0 ? this.#whole.format(left) : this.#tenth.format(left)} ${units[unit]}`;
  }

  /** A short time, of nanoseconds. */
  time(nanos) {
    if (!Number.isFinite(nanos) || nanos < 0) return "–";
    if (nanos < 1e6) return `${nanos < 1e5 ? this.#tenth.format(nanos / 1e3) : this.#whole.format(nanos / 1e3)} µs`;
    if (nanos < 1e9) return `${nanos < 1e8 ? this.#tenth.format(nanos / 1e6) : this.#whole.format(nanos / 1e6)} ms`;
    if (nanos < 60e9) return `${this.#tenth.format(nanos / 1e9)} s`;
    return this.age(nanos / 1e6);
  }

  /** A long time, of milliseconds. */
  age(millis) {
    const s = Math.floor(millis / 1000);
    if (!Number.isFinite(s) || s < 0) return "–";
    if (s >= 86400) return this.t("age-d", { d: Math.floor(s / 86400), h: Math.floor((s % 86400) / 3600) });
    if (s >= 3600) return this.t("age-h", { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
    if (s >= 60) return this.t("age-m", { m: Math.floor(s / 60), s: s % 60 });
    return this.t("age-s", { s });
  }

  /** The same, of which the larger half is enough: where there is room for one figure. */
  ageBriefly(millis) {
    const s = Math.floor(millis / 1000);
    if (s >= 2 * 86400) return this.t("age-only-d", { d: Math.floor(s / 86400) });
    if (s >= 2 * 3600) return this.t("age-only-h", { h: Math.floor(s / 3600) });
    if (s >= 60) return this.t("age-only-m", { m: Math.floor(s / 60) });
    return this.age(millis);
  }

  clock(millis) {
    return this.#clock.format(new Date(millis));
  }
}
