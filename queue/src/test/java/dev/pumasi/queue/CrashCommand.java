package dev.pumasi.queue;

import dev.pumasi.testkit.Seed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What {@code queue/crash} starts: the crash tests, for as long as one likes. */
final class CrashCommand {

    private CrashCommand() {}

    /** {@code [real] ROUNDS} or {@code simulated SEEDS}. */
    public static void main(String[] arguments) throws Exception {
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

    private static void simulated(Seed seed, int seeds) {
        long crashes = 0;
        for (int i = 0; i < seeds; i++) {
            crashes += CrashEverywhere.run(seeds == 1 ? seed : seed.split(i));
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
