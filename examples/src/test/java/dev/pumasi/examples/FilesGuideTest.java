package dev.pumasi.examples;

import static dev.pumasi.runtime.AsyncFile.Option.APPEND;
import static dev.pumasi.runtime.AsyncFile.Option.CREATE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.AsyncFile;
import dev.pumasi.runtime.AsyncFolder;
import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.LoopGroup;
import dev.pumasi.runtime.Operation;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.testkit.Seed;
import dev.pumasi.testkit.SeedParameter;
import dev.pumasi.testkit.SimDisk;
import dev.pumasi.testkit.SimFaults;
import dev.pumasi.testkit.Simulation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What docs/files.md shows. */
@ExtendWith(SeedParameter.class)
final class FilesGuideTest extends EachDriver {

    private static final int SUM = 42;

    @TempDir
    Path folder;

    @Test
    void aLogInDirectStyle() throws Exception {
        Path path = folder.resolve("app.log");
        try (LoopGroup loops = LoopGroup.start("loop", 1, driver)) {
            Loop loop = loops.next();
            loop.spawn(() -> {
                        try (AsyncFile log = loop.files().open(path, APPEND, CREATE)) {
                            byte[] line = "started\n".getBytes(UTF_8);
                            log.append(line, 0, line.length);
                            log.sync();
                        } catch (IOException failure) {
                            System.err.println(failure.getMessage());
                        }
                    })
                    .join();
        }
        assertEquals("started\n", Files.readString(path));
    }

    @Test
    void anOperationBesideAComputation() throws Exception {
        Path path = Files.writeString(folder.resolve("file"), "content");
        int[] answer = new int[2];
        try (LoopGroup loops = LoopGroup.start("loop", 1, driver)) {
            Loop loop = loops.next();
            loop.spawn(() -> {
                        Buffer buffer = Buffer.allocate(100);
                        try (AsyncFile file = loop.files().open(path)) {
                            Operation<Integer> reading = file.startRead(0, buffer, 0, buffer.capacity())
                                    .within(Duration.ofSeconds(2));
                            Thread.yield();
                            answer[0] = SUM;
                            answer[1] = reading.await();
                        } catch (IOException failure) {
                            System.err.println(failure.getMessage());
                        }
                    })
                    .join();
        }
        assertEquals(7, answer[1]);
    }

    @Test
    void replacingAFile() throws Exception {
        Path path = Files.writeString(folder.resolve("settings.json"), "{}");
        byte[] bytes = "{\"a\": 1}".getBytes(UTF_8);
        try (LoopGroup loops = LoopGroup.start("loop", 1, driver)) {
            loops.next().files().writeAll(path, bytes);
        }
        assertArrayEquals(bytes, Files.readAllBytes(path));
    }

    @Test
    void anUploadUnderANameThatAStrangerChose() throws Exception {
        Path uploaded = Files.createDirectory(folder.resolve("uploads"));
        try (LoopGroup loops = LoopGroup.start("loop", 1, driver)) {
            Loop loop = loops.next();
            List<String> ends = new ArrayList<>();
            for (String nameOfTheUpload : List.of("photo.jpg", "photo.jpg", "../../etc/passwd")) {
                loop.spawn(() -> {
                            try (AsyncFolder uploads = loop.files().openFolder(uploaded)) {
                                Path target = Path.of(nameOfTheUpload);
                                AsyncFile draft = uploads.openTemporaryBeneath(target);
                                try (draft) {
                                    draft.write(0, new byte[] {1}, 0, 1);
                                    draft.sync();
                                }
                                uploads.renameBeneath(uploads.temporaryOf(draft), target);
                                ends.add("done");
                            } catch (OperationException failure) {
                                ends.add(failure.failure().toString());
                            }
                        })
                        .join();
            }
            assertEquals(List.of("done", "ALREADY_EXISTS", "OUTSIDE"), ends);
        }
        assertArrayEquals(new byte[] {1}, Files.readAllBytes(uploaded.resolve("photo.jpg")));
    }

    @Test
    void aLogOnADiskThatFails(Seed seed) {
        try (Simulation simulation = new Simulation(seed, SimFaults.rough().withDiskErrors(0.01, 0.01, 0.01))) {
            Loop loop = simulation.loop("server");
            int[] synced = new int[1];
            loop.spawn(() -> {
                try (AsyncFile log = loop.files().open(Path.of("/log"), APPEND, CREATE);
                        var root = loop.files().openFolder(Path.of("/"))) {
                    root.sync();
                    for (int i = 0; i < 100; i++) {
                        log.append(new byte[] {1}, 0, 1);
                        log.sync();
                        synced[0]++;
                    }
                } catch (IOException stopped) {
                    // A fault, or the end of the simulation.
                }
            });
            simulation.runFor(Duration.ofMillis(300));
            SimDisk found = simulation.disk().afterCrash(seed);
            int length = found.exists(Path.of("/log")) ? found.bytes(Path.of("/log")).length : 0;
            assertTrue(length >= synced[0], "found " + length + " of " + synced[0]);
        }
    }
}
