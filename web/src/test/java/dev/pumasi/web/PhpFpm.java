package dev.pumasi.web;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A real PHP-FPM, where it is installed, on a Unix domain socket in a folder of the test's. */
final class PhpFpm implements AutoCloseable {

    private static final Duration START_MAX = Duration.ofSeconds(30);

    private final Process process;

    private PhpFpm(Process process) {
        this.process = process;
    }

    static Optional<Path> program() {
        return Stream.of("php-fpm8.2", "php-fpm8.3", "php-fpm8.4", "php-fpm8.5", "php-fpm")
                .map(name -> Path.of("/usr/sbin", name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * It listens at {@code socket} when this returns.
     *
     * @param more settings of its pool, each on a line
     */
    static PhpFpm start(Path program, Path folder, Path socket, String more) throws IOException, InterruptedException {
        Path settings = Files.writeString(
                folder.resolve("fpm.conf"),
                "[global]\nerror_log=" + folder.resolve("fpm.log") + "\ndaemonize=no\n[www]\nlisten=" + socket
                        + "\nuser=root\ngroup=root\npm=static\npm.max_children=2\n" + more + "\n");
        Process process = new ProcessBuilder(program.toString(), "-R", "-F", "-n", "-y", settings.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("fpm.out").toFile())
                .start();
        PhpFpm started = new PhpFpm(process);
        long deadline = System.nanoTime() + START_MAX.toNanos();
        while (true) {
            try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                return started; // the file is there before somebody listens
            } catch (IOException notYet) {
                process.waitFor(20, TimeUnit.MILLISECONDS);
            }
            if (!process.isAlive() || System.nanoTime() - deadline > 0) {
                String why = Files.readString(folder.resolve("fpm.out"));
                started.close();
                throw new IOException("PHP-FPM does not start: " + why);
            }
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
