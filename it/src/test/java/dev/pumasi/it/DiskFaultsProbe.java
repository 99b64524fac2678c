package dev.pumasi.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pumasi.http.HttpServer;
import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFile.Option;
import dev.pumasi.runtime.AsyncFiles;
import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.driver.Gather;
import dev.pumasi.runtime.driver.Listing;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.web.Uploads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A process that has a failing disk to itself, and says what its users are told: {@link DiskFaultsTest} reads along. Arguments:
 * the driver, the fault, the folder that the disk is mounted at; for {@code failing}, also the device and the file behind it.
 */
final class DiskFaultsProbe {

    private static final int PAGE = 4096;
    private static final int LARGE = 4 << 20;
    private static final int WAIT_SECONDS = 60;
    private static final byte[] OLD = "the old content".getBytes(UTF_8);

    /** One that uses the disk, on a green thread. */
    private interface Use {
        void with(AsyncFiles files) throws Exception;
    }

    private final Loop loop;
    private final Path disk;

    private DiskFaultsProbe(Loop loop, Path disk) {
        this.loop = loop;
        this.disk = disk;
    }

    public static void main(String[] arguments) throws Exception {
        try (LoopGroup group = LoopGroup.start("probe", 1, arguments[0])) {
            DiskFaultsProbe probe = new DiskFaultsProbe(group.next(), Path.of(arguments[2]));
            probe.use(files -> files.exists(probe.disk)); // whatever stays open for good is open now
            try (ServerSocket used = new ServerSocket()) { // of java.net too
                used.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            }
            Map<String, Integer> before = descriptors();
            switch (arguments[1]) {
                case "full" -> probe.full();
                case "failing" -> probe.failing(arguments[3], Path.of(arguments[4]));
                case "quota" -> probe.quota();
                case "upload" -> probe.upload();
                default -> throw new IllegalArgumentException(arguments[1]);
            }
            Map<String, Integer> after = descriptors();
            long beganNanos = System.nanoTime();
            while (!before.equals(after) && System.nanoTime() - beganNanos < TimeUnit.SECONDS.toNanos(WAIT_SECONDS)) {
                probe.use(AsyncFiles::toString); // a turn: what was closed is given back at its end
                after = descriptors();
            }
            say(before.equals(after) ? "no descriptor is left" : "descriptors before " + before + ", after " + after);
            if (Loop.greenThreadsRunOnLoop()) {
                say("hops " + probe.loop.status().hops());
            }
            say("failures of the loop " + probe.loop.status().failures());
        }
    }

    /** With room for 0, 1, 2 … pages a file is replaced as a whole, until there is room for all of it. */
    private void full() throws Exception {
        Path file = disk.resolve("a");
        Path ballast = disk.resolve("ballast");
        byte[] fresh = new byte[4 * PAGE];
        Arrays.fill(fresh, (byte) 'n');
        use(files -> files.writeAll(file, OLD));
        int room = 0;
        boolean fits = false;
        while (!fits && room < 64) {
            int pages = room;
            use(files -> leave(files, ballast, pages));
            fits = tried("replace", file, files -> files.writeAll(file, fresh)).equals("done");
            boolean isFresh = fits;
            use(files -> {
                byte[] found = files.readAll(file, LARGE);
                require(Arrays.equals(found, isFresh ? fresh : OLD), "half a file at " + pages + " pages");
                require(files.list(disk).size() == 2, "left behind: " + files.list(disk));
            });
            room++;
        }
        say("replaced with room for " + (room - 1) + " pages");

        use(files -> leave(files, ballast, 2));
        Path other = disk.resolve("b");
        say("append: "
                + tried("append", other, files -> {
                    try (AsyncFile log = files.open(other, Option.APPEND, Option.CREATE)) {
                        log.append(fresh, 0, fresh.length);
                    }
                }));
        use(files -> {
            require(files.status(other).length() == 2 * PAGE, "what there was room for was written");
            files.delete(other);
        });
        say("gathered, with sync: "
                + tried("write", other, files -> {
                    try (AsyncFile log = files.open(other, Option.APPEND, Option.CREATE)) {
                        Buffer page = Buffer.allocate(PAGE);
                        Gather pages = new Gather(4)
                                .add(page, 0, PAGE)
                                .add(page, 0, PAGE)
                                .add(page, 0, PAGE);
                        int short1 = log.startAppendAndSync(pages).await();
                        require(short1 == 2 * PAGE, "short: " + short1);
                        log.startAppendAndSync(pages).await();
                    }
                }));
        use(files -> {
            files.delete(other);
            files.delete(ballast);
            files.writeAll(file, fresh);
            say("with room again: done");
        });
    }

    /** A file that is larger than what is left arrives by HTTP, its length announced or not. */
    private void upload() throws Exception {
        Path file = disk.resolve("a");
        Logger quiet = Logger.getLogger("dev.pumasi.web");
        quiet.setLevel(Level.OFF); // who reads along wants what the client is told
        Uploads uploads = Uploads.builder(disk).keepFree(0).build();
        try (HttpServer server =
                HttpServer.builder(uploads).on(List.of(loop)).port(0).start()) {
            use(files -> files.writeAll(file, OLD));
            say("announced: " + sent(server.port(), "Content-Length: 300000", new byte[300_000]));
            byte[] chunk = new byte[50_000];
            byte[] body = new byte[0];
            for (int i = 0; i < 6; i++) {
                byte[] head = (Integer.toHexString(chunk.length) + "\r\n").getBytes(UTF_8);
                int at = body.length;
                body = Arrays.copyOf(body, at + head.length + chunk.length + 2);
                System.arraycopy(head, 0, body, at, head.length);
                body[body.length - 2] = '\r';
                body[body.length - 1] = '\n';
            }
            byte[] end = "0\r\n\r\n".getBytes(UTF_8);
            body = Arrays.copyOf(body, body.length + end.length);
            System.arraycopy(end, 0, body, body.length - end.length, end.length);
            say("not announced: " + sent(server.port(), "Transfer-Encoding: chunked", body));
            use(files -> {
                require(Arrays.equals(files.readAll(file, LARGE), OLD), "half a file");
                require(files.list(disk).size() == 1, "left behind: " + files.list(disk));
            });
            say("with room: " + sent(server.port(), "Content-Length: 5", "fresh".getBytes(UTF_8)));
        }
    }

    /** The status of the answer to PUT /a. */
    private static String sent(int port, String framing, byte[] body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            String head = "PUT /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + framing + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(UTF_8));
            try {
                socket.getOutputStream().write(body);
            } catch (IOException answeredBefore) {
                // what counts is the answer
            }
            return new String(socket.getInputStream().readNBytes(12), UTF_8).substring(9);
        }
    }

    /** Fills the disk but for so many pages. */
    private static void leave(AsyncFiles files, Path ballast, int pages) throws IOException {
        try (AsyncFile file = files.open(ballast, Option.WRITE, Option.CREATE)) {
            byte[] page = new byte[PAGE];
            long end = file.size();
            try {
                while (true) {
                    file.write(end, page, 0, PAGE);
                    end += PAGE;
                }
            } catch (OperationException full) {
                require(full.failure() == Failure.DISK_FULL, full.toString());
            }
            file.truncate(end - (long) pages * PAGE);
        }
    }

    /** The device loses its end, as a bad one does; what lies there can be neither read nor written any more. */
    private void failing(String device, Path image) throws Exception {
        Path file = disk.resolve("a");
        byte[] large = new byte[LARGE];
        use(files -> {
            files.writeAll(disk.resolve("settings"), OLD);
            files.writeAll(file, large);
        });
        try (FileChannel channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
            channel.truncate(1 << 20);
        }
        Process shrunk = new ProcessBuilder("losetup", "-c", device).inheritIO().start();
        require(shrunk.waitFor() == 0, "losetup -c");

        say("sync: "
                + tried("sync", file, files -> {
                    try (AsyncFile opened = files.open(file, Option.WRITE)) {
                        opened.write(0, large, 0, large.length); // into the cache, which takes everything
                        opened.sync();
                    }
                }));
        say("write and sync: "
                + tried("write and sync", file, files -> {
                    try (AsyncFile opened = files.open(file, Option.WRITE)) {
                        Buffer page = Buffer.allocate(PAGE);
                        opened.startWriteAndSync(LARGE - PAGE, new Gather(1).add(page, 0, PAGE))
                                .await();
                    }
                }));
        say("read: "
                + tried("read", file, files -> {
                    try (AsyncFile opened = files.open(file, Option.READ, Option.DIRECT)) {
                        opened.read(LARGE - PAGE, AsyncFile.directBuffer(PAGE), 0, PAGE);
                    }
                }));
        Path settings = disk.resolve("settings");
        byte[] fresh = new byte[LARGE];
        Arrays.fill(fresh, (byte) 'n');
        say("replace: " + tried("replace", settings, files -> files.writeAll(settings, fresh)));
        use(files -> {
            require(Arrays.equals(files.readAll(settings, LARGE), OLD), "the old content is gone");
            List<String> names = files.list(disk).stream()
                    .map(Listing.Entry::name)
                    .map(Path::toString)
                    .filter(name -> name.contains("tmp"))
                    .toList();
            require(names.isEmpty(), "left behind: " + names);
        });
    }

    /** The folder may hold 2 MiB. */
    private void quota() throws Exception {
        Path file = disk.resolve("a");
        byte[] large = new byte[LARGE];
        say("write: "
                + tried("write", file, files -> {
                    try (AsyncFile opened = files.open(file, Option.WRITE, Option.CREATE)) {
                        opened.write(0, large, 0, large.length);
                    }
                }));
        use(files -> {
            long length = files.status(file).length();
            require(length > 0 && length < LARGE, "a part was written, not " + length);
            files.delete(file);
        });
        say("replace: " + tried("replace", file, files -> files.writeAll(file, large)));
        use(files -> require(files.list(disk).isEmpty(), "left behind: " + files.list(disk)));
    }

    /** "done", or the failure's name; its message must name the file, and say what happened and what to do. */
    private String tried(String what, Path file, Use use) throws Exception {
        try {
            use(use);
            return "done";
        } catch (OperationException failed) {
            String name = String.valueOf(file.getFileName());
            String message = String.valueOf(failed.getMessage());
            require(message.contains(disk.toString()) && message.contains(name), what + " names no file: " + message);
            require(message.contains(failed.failure().cause()), what + " names no cause: " + message);
            require(message.contains(failed.failure().remedy()), what + " names no remedy: " + message);
            return failed.failure().toString();
        }
    }

    /** On a green thread of the loop, until it is done. */
    private void use(Use use) throws Exception {
        CompletableFuture<Void> end = new CompletableFuture<>();
        loop.spawn(() -> {
            try {
                use.with(loop.files());
                end.complete(null);
            } catch (Throwable failure) {
                end.completeExceptionally(failure);
            }
        });
        try {
            end.get(WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException failed) {
            throw failed.getCause() instanceof Exception cause ? cause : failed;
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    /** Those on the disk, and of other kinds than the JDK's own files, by what they refer to. */
    private static Map<String, Integer> descriptors() throws IOException {
        Map<String, Integer> found = new TreeMap<>();
        try (var all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : all) {
                try {
                    String target = Files.readSymbolicLink(each).toString();
                    if (!target.endsWith(".jar") && !target.endsWith("/fd")) {
                        found.merge(target.replaceAll("\\d+", "N"), 1, Integer::sum);
                    }
                } catch (IOException closedMeanwhile) {
                    // It was the one of this listing.
                }
            }
        }
        return found;
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
