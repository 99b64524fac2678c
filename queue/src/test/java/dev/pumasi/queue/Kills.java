package dev.pumasi.queue;

import dev.pumasi.testkit.Dice;
import dev.pumasi.testkit.Seed;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Kills a process that uses a queue, with {@code SIGKILL}, at random moments, again and again; then reads all to the end. What
 * the process said is checked against the contract.
 */
final class Kills {

    /** How long a process lives at most after it has said so. */
    static final int MILLIS_MAX = 250;

    /** A queue is open. */
    static final String OPEN = "OPEN";

    /** A message is published. */
    static final String PUBLISHED = "P ";

    private final String place;
    private final String from;
    private final int millisMax;
    private final Seed seed;
    private History history = new History();
    private int published;
    private int delivered;

    Kills(Path folder, Seed seed) {
        this(folder.toString(), seed, OPEN, MILLIS_MAX);
    }

    /**
     * @param place a folder, or a queue's URL
     * @param from with which words of the process its time begins: {@link #OPEN}, or {@link #PUBLISHED} where it takes long to
     *     come so far
     */
    Kills(String place, Seed seed, String from, int millisMax) {
        this.place = place;
        this.from = from;
        this.seed = seed;
        this.millisMax = millisMax;
    }

    /** Runs so many rounds, and one more to read to the end. */
    void run(int rounds) throws IOException, InterruptedException {
        Dice dice = seed.dice();
        try (ScheduledExecutorService killer = Executors.newSingleThreadScheduledExecutor()) {
            for (int round = 1; round <= rounds; round++) {
                int millis = dice.below(millisMax);
                String end = live("r" + round, seed.split(round), killer, millis);
                if (!end.isEmpty()) {
                    throw new AssertionError("round " + round + " ended by itself: " + end);
                }
                history = history.afterCrash();
                if (round % 50 == 0) {
                    System.out.println(round + " rounds: " + this);
                }
            }
            String end = live("end", seed.split("end"), killer, -1);
            if (!end.equals("END")) {
                throw new AssertionError("reading to the end ended with: " + end);
            }
        }
        history.readToTheEnd();
    }

    int published() {
        return published;
    }

    int delivered() {
        return delivered;
    }

    @Override
    public String toString() {
        return published + " messages published, " + delivered + " deliveries";
    }

    /** One process; answers how it ended if it ended by itself. */
    private String live(String round, Seed mine, ScheduledExecutorService killer, int killAfterMillis)
            throws IOException, InterruptedException {
        Process process = start(place, round, mine);
        String end = "";
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            boolean counted = killAfterMillis < 0;
            StringBuilder line = new StringBuilder();
            for (int next = lines.read(); next >= 0; next = lines.read()) {
                if (next != '\n') {
                    line.append((char) next);
                    continue;
                }
                String said = line.toString();
                line.setLength(0);
                if (!counted && said.startsWith(from)) {
                    counted = true;
                    killer.schedule(process.toHandle()::destroyForcibly, killAfterMillis, TimeUnit.MILLISECONDS);
                }
                if (said.startsWith("FAILED") || said.equals("END")) {
                    end = said;
                } else {
                    hear(said);
                }
            } // what is left in the line was cut off by the end of the process
        } finally {
            process.destroyForcibly().waitFor();
        }
        return end;
    }

    /** Starts a process with that queue. */
    static Process start(String place, String round, Seed mine) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx128m",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                KillChild.class.getName(),
                place,
                round,
                Long.toString(mine.value())));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private void hear(String said) {
        String[] words = said.split(" ", -1);
        switch (words[0]) {
            case "A" -> history.asks(words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3]));
            case "P" -> {
                history.published(words[1], Position.parse(words[2]));
                published++;
            }
            case "D" -> {
                int attempt = Integer.parseInt(words[4]);
                history.delivered(message(words[1], words[2]), Position.parse(words[3]), attempt);
                history.rejected(words[1], attempt); // as counted: it was written before, and the machine goes on
                delivered++;
            }
            case "S" -> history.settles(words[1]);
            case "W" -> history.isDoneWith(words[1]);
            case "K" -> history.acknowledged(words[1]);
            case "X" -> history.foundDead(history.sent(words[1]).withHeader(Delivery.DEAD_POSITION, words[2]));
            case "OPEN" -> {}
            default -> throw new AssertionError("the process said " + said);
        }
    }

    private static Message message(String name, String bytes) {
        int colon = name.lastIndexOf(':');
        return History.message(new History.Sent(
                name.substring(0, colon), Integer.parseInt(name.substring(colon + 1)), Integer.parseInt(bytes)));
    }
}
