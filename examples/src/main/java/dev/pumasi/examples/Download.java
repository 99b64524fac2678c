package dev.pumasi.examples;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** One download of {@link OneThread}: what came, when, and every thread that had a hand in it. */
final class Download {

    private static final int COLUMNS = 60;

    final String name;
    final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    final long beganNanos = System.nanoTime();

    /** 0 until it is over. */
    volatile long endedNanos;

    volatile String got = "";

    Download(int number) {
        name = "download " + (number + 1);
        threads.add(Thread.currentThread());
    }

    void end(String what) {
        threads.add(Thread.currentThread());
        got = what;
        endedNanos = System.nanoTime();
    }

    /** Prints them as bars below each other, from the first beginning to the last end. */
    static void draw(Story story, String title, List<Download> downloads, int mostAtOnce) {
        long first = downloads.stream()
                .mapToLong(download -> download.beganNanos)
                .min()
                .orElseThrow();
        long last = downloads.stream()
                .mapToLong(download -> download.endedNanos)
                .max()
                .orElseThrow();
        Set<Thread> all = ConcurrentHashMap.newKeySet();
        story.print("");
        story.print(title);
        for (Download download : downloads) {
            all.addAll(download.threads);
            int from = (int) ((download.beganNanos - first) * COLUMNS / (last - first));
            int to = (int) ((download.endedNanos - first) * COLUMNS / (last - first));
            String bar = " ".repeat(from) + "|" + "-".repeat(Math.max(0, to - from - 1)) + "|";
            String who = download.threads.stream().map(Thread::getName).sorted().collect(Collectors.joining(", "));
            story.print(String.format(Locale.ROOT, "  %-11s %-" + (COLUMNS + 1) + "s  %s", download.name, bar, who));
        }
        story.print(String.format(
                Locale.ROOT,
                "  %.0f ms in all; %d downloads at the same time; threads that waited or worked: %d",
                Story.millis(last - first),
                mostAtOnce,
                all.size()));
    }
}
