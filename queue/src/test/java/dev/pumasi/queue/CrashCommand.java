package dev.pumasi.queue;

import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.testkit.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/** What {@code queue/crash} starts: the crash tests, for as long as one likes. */
final class CrashCommand {

    private static final int LONG_EVERY = 50;
    private static final long SMALL_DISK_BYTES = 256L << 20;
    private static final int BALLAST_BYTES = 2 << 20;

    private static final List<Logger> LOGS =
            List.of(Logger.getLogger("dev.pumasi.queue"), Logger.getLogger("dev.pumasi.runtime"));

    private CrashCommand() {}

    /** {@code [real] ROUNDS}, {@code simulated SEEDS}, or {@code full FOLDER}. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 2 && arguments[0].equals("full")) {
            full(Path.of(arguments[1]));
            return;
        }
        boolean simulated = arguments.length > 0 && arguments[0].equals("simulated");
        String count = arguments.length == 0 ? "100" : arguments[arguments.length - 1];
        Seed seed = Seed.fromCommandLine();
        System.out.println("again with JAVA_OPTIONS='" + seed.replay() + "'");
        if (simulated) {
            simulated(seed, Integer.parseInt(count));
        } else {
            real(seed, Integer.parseInt(count));
        }
    }

    /** Fills a small disk, makes room, goes on, and reads everything that was acknowledged. */
    private static void full(Path folder) throws Exception {
        if (Files.getFileStore(folder).getUsableSpace() > SMALL_DISK_BYTES) {
            throw new IllegalArgumentException("that disk is large; try: mount -t tmpfs -o size=8m none " + folder);
        }
        Path ballast = folder.resolve("ballast");
        Files.write(ballast, new byte[BALLAST_BYTES]);
        try (LoopGroup loops = LoopGroup.start("full", 1, "auto");
                Queue queue =
                        Queue.open(loops.next(), "log:" + folder.resolve("queue") + "?segment=256k&message=64k")) {
            Topic topic = queue.topic("t");
            int first = fill(topic.publisher());
            Files.delete(ballast);
            queue.loop().sleep(Duration.ofSeconds(2)).await();
            int second = fill(topic.publisher());
            Consumer consumer = topic.consumer("g");
            for (int i = 0; i < first + second; i++) {
                Delivery delivery = consumer.take();
                if (delivery.position().sequence() != i) {
                    throw new AssertionError(delivery + " is not number " + i);
                }
                delivery.startAcknowledge();
            }
            System.out.println(first + " messages until the disk was full, " + second
                    + " more when there was room again, all of them read");
        }
    }

    private static int fill(Publisher publisher) throws IOException {
        for (int count = 0; ; count++) {
            try {
                publisher.publish(Message.of(new byte[10_000]));
            } catch (QueueException refused) {
                if (refused.failure() != QueueFailure.DISK_FULL) {
                    throw refused;
                }
                System.out.println(refused.getMessage());
                return count;
            }
        }
    }

    private static void simulated(Seed seed, int seeds) {
        // What crashes leave, and disks that fail, are no news here.
        LOGS.forEach(log -> log.setLevel(Level.OFF));
        long crashes = 0;
        for (int i = 0; i < seeds; i++) {
            Seed mine = seed.split(i);
            crashes += CrashEverywhere.run(mine);
            crashes += CrashEverywhere.runOnWhatAProcessLeft(mine.split("process"), i % 2 == 0);
            if (i % LONG_EVERY == 0) {
                crashes += CrashEverywhere.runLong(mine.split("long"), LONG_EVERY);
            }
            if ((i + 1) % 100 == 0) {
                System.out.println((i + 1) + " seeds, " + crashes + " crashes: the contract held");
            }
        }
        System.out.println(seeds + " seeds, " + crashes + " crashes: the contract held after each");
    }

    private static void real(Seed seed, int rounds) throws Exception {
        Path folder = Files.createTempDirectory("pumasi-crash");
        Kills kills = new Kills(folder.resolve("queue"), seed);
        kills.run(rounds);
        System.out.println(rounds + " kills: " + kills + "; none lost, none corrupt, order and counts kept");
        try (Stream<Path> all = Files.walk(folder)) {
            List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.delete(path);
            }
        }
    }
}
