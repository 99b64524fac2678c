package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.AsyncFile.Option;
import dev.pumasi.runtime.driver.FileAttributes;
import dev.pumasi.runtime.driver.FileSpace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What is done beneath an open folder, on each driver: what uploads need, from strangers who choose the names. */
final class AsyncFolderTest extends OnEachDriver {

    private static final byte[] BYTES = "uploaded".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private Path site;

    @BeforeEach
    void makeSite() throws IOException {
        site = Files.createDirectories(folder.resolve("site"));
        Files.createDirectories(site.resolve("sub/deep"));
        Files.writeString(folder.resolve("secret"), "secret");
        Files.createDirectories(folder.resolve("elsewhere"));
        Files.createSymbolicLink(site.resolve("out"), Path.of("../elsewhere"));
    }

    private <T> T green(Loop loop, Callable<T> body) throws Exception {
        T answer = onGreen(loop, body);
        assertNoHops(loop);
        assertEquals(0, loop.status().failures(), "failures");
        return answer;
    }

    /** Does something in the open site, on a green thread. */
    private void inSite(Use use) throws Exception {
        Loop loop = loop();
        green(loop, () -> {
            try (AsyncFolder open = loop.files().openFolder(site)) {
                use.with(open);
            }
            return 0;
        });
    }

    private interface Use {
        void with(AsyncFolder site) throws Exception;
    }

    private static Failure failureOf(Executable body) {
        OperationException thrown = assertThrows(OperationException.class, body);
        assertTrue(String.valueOf(thrown.getMessage()).contains(thrown.failure().remedy()));
        return thrown.failure();
    }

    private boolean makesFolders() {
        return !driver.equals("nio");
    }

    @Test
    void anUploadIsThereAsAWholeOrNotAtAll() throws Exception {
        for (String target : List.of("page", "sub/page", "sub/deep/page")) {
            Path page = Path.of(target);
            inSite(open -> {
                AsyncFile temporary = open.openTemporaryBeneath(page);
                try (temporary) {
                    temporary.write(0, BYTES, 0, BYTES.length);
                    temporary.sync();
                }
                assertEquals(
                        site.resolve(page).getParent(),
                        temporary.path().getParent(),
                        "in the same folder, so that it can be renamed");
                assertFalse(Files.exists(site.resolve(page)));
                open.renameBeneath(open.temporaryOf(temporary), page);
                open.sync();
                assertFalse(Files.exists(temporary.path()));
            });
            assertArrayEquals(BYTES, Files.readAllBytes(site.resolve(page)));
        }
    }

    @Test
    void temporaryFilesDoNotMeet() throws Exception {
        inSite(open -> {
            List<Operation<AsyncFile>> all = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                all.add(open.startOpenTemporaryBeneath(Path.of("sub/page")));
            }
            List<Path> paths = new ArrayList<>();
            for (Operation<AsyncFile> each : all) {
                AsyncFile file = each.await();
                paths.add(open.temporaryOf(file));
                file.close();
            }
            assertEquals(20, paths.stream().distinct().count());
            for (Path path : paths) {
                assertTrue(path.toString().startsWith("sub/.page.tmp-"), path::toString);
                open.deleteBeneath(path);
            }
        });
    }

    @Test
    void thousandsOfTemporaryFilesOfOneNameDoNotTryEachOthersNames() throws Exception {
        for (int number = 0; number < 3_000; number++) { // another process's, or left behind
            Files.createFile(site.resolve("sub/.page.tmp-" + number));
        }
        inSite(open -> {
            Set<Path> paths = new HashSet<>();
            for (int i = 0; i < 1_500; i++) {
                AsyncFile file = open.openTemporaryBeneath(Path.of("sub/page"));
                paths.add(open.temporaryOf(file));
                file.close();
            }
            assertEquals(1_500, paths.size());
        });
    }

    @Test
    void namesAreReplacedRenamedAndDeletedBeneath() throws Exception {
        Files.writeString(site.resolve("a"), "a");
        Files.writeString(site.resolve("sub/b"), "b");
        inSite(open -> {
            Path a = Path.of("a");
            Path b = Path.of("sub/b");
            assertEquals(Failure.ALREADY_EXISTS, failureOf(() -> open.renameBeneath(a, b)));
            assertEquals(b, open.startReplaceBeneath(a, b).await());
            assertEquals("a", Files.readString(site.resolve("sub/b")));
            assertEquals(Failure.NOT_FOUND, failureOf(() -> open.renameBeneath(a, Path.of("c"))));
            assertEquals(Failure.NOT_FOUND, failureOf(() -> open.renameBeneath(b, Path.of("none/c"))));
            assertEquals(Failure.IS_A_FOLDER, failureOf(() -> open.deleteBeneath(Path.of("sub/deep"))));
            assertEquals(Failure.NOT_A_FOLDER, failureOf(() -> open.deleteFolderBeneath(b)));
            assertEquals(Failure.FOLDER_NOT_EMPTY, failureOf(() -> open.deleteFolderBeneath(Path.of("sub"))));
            open.deleteFolderBeneath(Path.of("sub/deep"));
            assertEquals(b, open.startDeleteBeneath(b).await());
            assertEquals(Failure.NOT_FOUND, failureOf(() -> open.deleteBeneath(b)));
            assertEquals(
                    List.of(),
                    open.openFolderBeneath(Path.of("sub")).list().stream().toList());
        });
    }

    @Test
    void foldersAreMadeBeneath() throws Exception {
        inSite(open -> {
            Path made = Path.of("sub/made");
            if (!makesFolders()) {
                assertEquals(Failure.NOT_SUPPORTED, failureOf(() -> open.makeFolderBeneath(made)));
                return;
            }
            open.makeFolderBeneath(made);
            assertEquals(Failure.ALREADY_EXISTS, failureOf(() -> open.makeFolderBeneath(made)));
            assertEquals(Failure.NOT_FOUND, failureOf(() -> open.makeFolderBeneath(Path.of("none/made"))));
            assertEquals(
                    Path.of("top"), open.startMakeFolderBeneath(Path.of("top")).await());
            assertTrue(Files.isDirectory(site.resolve("sub/made")) && Files.isDirectory(site.resolve("top")));
        });
    }

    @Test
    void nothingLeadsOut() throws Exception {
        Files.writeString(site.resolve("a"), "a");
        inSite(open -> {
            Path a = Path.of("a");
            for (String way :
                    List.of("../x", "sub/../../x", folder.resolve("x").toString(), "out/x", "..", "sub/..", ".", "")) {
                Path path = Path.of(way);
                for (Executable each : List.<Executable>of(
                        () -> open.openTemporaryBeneath(path),
                        () -> open.renameBeneath(a, path),
                        () -> open.replaceBeneath(a, path),
                        () -> open.replaceBeneath(path, a),
                        () -> open.deleteBeneath(path),
                        () -> open.deleteFolderBeneath(path),
                        () -> open.makeFolderBeneath(path))) {
                    Failure failure = failureOf(each);
                    assertTrue(failure == Failure.OUTSIDE || failure == Failure.TOO_MANY_LINKS, way + ": " + failure);
                }
            }
        });
        assertEquals("a", Files.readString(site.resolve("a")));
        assertEquals("secret", Files.readString(folder.resolve("secret")));
        assertEquals(List.of("elsewhere", "secret", "site"), names(folder));
        assertEquals(List.of("a", "out", "sub"), names(site));
        assertEquals(List.of(), names(folder.resolve("elsewhere")));
    }

    private static List<String> names(Path folder) {
        return Arrays.stream(folder.toFile().list()).sorted().toList();
    }

    @Test
    void aLinkIsDeletedAndRenamedItself() throws Exception {
        inSite(open -> {
            open.renameBeneath(Path.of("out"), Path.of("sub/out"));
            assertTrue(Files.isSymbolicLink(site.resolve("sub/out")));
            open.deleteBeneath(Path.of("sub/out"));
        });
        assertFalse(Files.exists(site.resolve("sub/out"), LinkOption.NOFOLLOW_LINKS));
        assertTrue(Files.isDirectory(folder.resolve("elsewhere")));
    }

    /** The number of a folder that is closed must not be looked up when another may have it. */
    @Test
    void aFolderThatIsClosedMeanwhileIsStillTheOne() throws Exception {
        Loop loop = loop();
        green(loop, () -> {
            for (int round = 0; round < 50; round++) {
                String name = "f" + round;
                AsyncFolder open = loop.files().openFolder(site);
                Files.writeString(site.resolve(name), name);
                Operation<Path> renaming = open.startRenameBeneath(Path.of(name), Path.of(name + "-renamed"));
                Operation<AsyncFile> opening =
                        open.startOpenBeneath(Path.of(name + "-new"), Option.WRITE, Option.CREATE_NEW);
                open.close();
                AsyncFolder other = loop.files().openFolder(folder.resolve("elsewhere"));
                renaming.await();
                opening.await().close();
                other.close();
                assertEquals(Failure.CLOSED, failureOf(() -> open.deleteBeneath(Path.of("a"))));
            }
            return 0;
        });
        assertEquals(List.of(), names(folder.resolve("elsewhere")));
        assertEquals(103, names(site).size() + 1, () -> names(site).toString());
    }

    @Test
    void theRoomOnTheDiskIsKnown() throws Exception {
        FileStore store = Files.getFileStore(site);
        Loop loop = loop();
        green(loop, () -> {
            try (AsyncFolder open = loop.files().openFolder(site)) {
                for (FileSpace space : List.of(open.space(), loop.files().space(site))) {
                    assertEquals(store.getTotalSpace(), space.totalBytes());
                    assertTrue(0 < space.freeBytes() && space.freeBytes() < space.totalBytes(), space::toString);
                    assertTrue(0 <= space.usableBytes() && space.usableBytes() <= space.freeBytes(), space::toString);
                }
            }
            assertEquals(Failure.NOT_FOUND, failureOf(() -> loop.files().space(site.resolve("none"))));
            return 0;
        });
    }

    @Test
    void whatTakesSeveralStepsIsAnOperationToo() throws Exception {
        Loop loop = loop();
        green(loop, () -> {
            AsyncFiles files = loop.files();
            Path deep = site.resolve("made/by/steps");
            assertEquals(deep, files.startMakeFolders(deep).await());
            Operation<Path> writing = files.startWriteAll(deep.resolve("a"), BYTES);
            assertFalse(writing.isDone());
            assertEquals(deep.resolve("a"), writing.await());
            assertArrayEquals(BYTES, files.startReadAll(deep.resolve("a"), 100).await());
            assertEquals(
                    Failure.FILE_TOO_LARGE,
                    failureOf(() -> files.startReadAll(deep.resolve("a"), 3).await()));
            assertEquals(1, files.startList(deep).await().size());
            try (AsyncFolder open = files.startOpenFolder(deep).await()) {
                assertEquals(1, open.startList().await().size());
                assertEquals(
                        FileAttributes.Kind.FOLDER, open.startStatus().await().kind());
                assertEquals(open, open.startSync().await());
            }
            return 0;
        });
    }

    @Test
    void manyWholeFilesAtOnce() throws Exception {
        Loop loop = loop();
        green(loop, () -> {
            List<Operation<Path>> writing = IntStream.range(0, 100)
                    .mapToObj(i -> loop.files().startWriteAll(site.resolve("w" + i % 10), new byte[] {(byte) i}))
                    .toList();
            for (Operation<Path> each : writing) {
                each.await();
            }
            assertEquals(10 + 2, loop.files().list(site).size(), "what was there, what was written, and no draft");
            return 0;
        });
    }

    /** Cancelled at any step, the old content or the new one is there, and no draft. */
    @Test
    void aCancelledErrandLeavesNothingBehind() throws Exception {
        Loop loop = loop();
        int[] cancelled = new int[1];
        green(loop, () -> {
            Path file = site.resolve("a");
            byte[] old = new byte[100_000];
            byte[] fresh = new byte[100_000];
            Arrays.fill(fresh, (byte) 1);
            for (int turns = 0; turns < 40; turns++) {
                loop.files().writeAll(file, old);
                Operation<Path> writing = loop.files().startWriteAll(file, fresh);
                for (int i = 0; i < turns; i++) {
                    Thread.yield();
                }
                writing.cancel();
                Operation.Outcome<Path> outcome = ended(writing);
                byte[] found = loop.files().readAll(file, 200_000);
                if (outcome instanceof Operation.Failed<Path>(Throwable failure)) {
                    assertEquals(
                            Failure.CANCELLED,
                            assertInstanceOf(OperationException.class, failure).failure());
                    cancelled[0]++;
                    assertTrue(Arrays.equals(old, found) || Arrays.equals(fresh, found), "half of it, " + turns);
                } else {
                    assertArrayEquals(fresh, found);
                }
                assertEquals(
                        3, loop.files().list(site).size(), () -> names(site).toString());
            }
            return 0;
        });
        assertTrue(cancelled[0] > 0, "one at least was cancelled in time");
    }

    private static Operation.Outcome<Path> ended(Operation<Path> operation) {
        try {
            operation.await();
        } catch (IOException told) {
            // The outcome says it, too.
        }
        return operation.poll().orElseThrow();
    }
}
