package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No way out of a folder: not by name, not by link, not by swapping one for the other. */
final class DriverOpenBeneathTest extends EachDriversFiles {

    private int root;

    @BeforeEach
    void layOut() throws Exception {
        Files.createDirectories(at("root/sub/deep"));
        Files.writeString(at("root/here"), "here");
        Files.writeString(at("root/sub/deep/file"), "deep");
        Files.writeString(at("secret"), "secret");
        Files.createSymbolicLink(at("root/out"), Path.of("../secret"));
        Files.createSymbolicLink(at("root/absolute"), at("root/here"));
        Files.createSymbolicLink(at("root/inside"), Path.of("sub/deep"));
        Files.createSymbolicLink(at("root/up"), Path.of(".."));
        root = good(open(at("root"), FileAccess.FOLDER));
    }

    /** Whether links that stay inside are followed, or refused like all others. */
    private boolean followsLinks() {
        return kind != DriverUnderTest.NIO && kind != DriverUnderTest.EPOLL_BEFORE_LINUX_5_11;
    }

    private String content(String path) {
        int file = good(openBeneath(root, path, FileAccess.READ));
        String text = text(file, 0, 100);
        files.close(file);
        return text;
    }

    @Test
    void whatIsBeneathIsOpened() {
        assertEquals("here", content("here"));
        assertEquals("deep", content("sub/deep/file"));
        assertEquals(-Errno.ENOENT, openBeneath(root, "sub/nothing", FileAccess.READ));
        assertEquals(-Errno.ENOTDIR, openBeneath(root, "here/below", FileAccess.READ));
        files.close(root);
    }

    @Test
    void nothingElseIs() {
        assertEquals(-Errno.EXDEV, openBeneath(root, "../secret", FileAccess.READ));
        assertEquals(-Errno.EXDEV, openBeneath(root, "sub/../../secret", FileAccess.READ));
        assertEquals(-Errno.EXDEV, openBeneath(root, at("root/here").toString(), FileAccess.READ));
        int byLink = followsLinks() ? -Errno.EXDEV : -Errno.ELOOP;
        assertEquals(byLink, openBeneath(root, "out", FileAccess.READ));
        assertEquals(byLink, openBeneath(root, "absolute", FileAccess.READ));
        assertEquals(byLink, openBeneath(root, "up/secret", FileAccess.READ));
        files.close(root);
    }

    @Test
    void aLinkThatStaysInsideIsFollowedWhereTheKernelWatches() {
        if (followsLinks()) {
            assertEquals("deep", content("inside/file"));
        } else {
            assertEquals(-Errno.ELOOP, openBeneath(root, "inside/file", FileAccess.READ));
        }
        files.close(root);
    }

    @Test
    void foldersAreOpenedAndListedBeneath() {
        int sub = good(openBeneath(root, "sub", FileAccess.FOLDER));
        assertEquals(Path.of("deep"), listing(sub).entries().getFirst().name());
        int deep = good(openBeneath(sub, "deep", FileAccess.FOLDER));
        int file = good(openBeneath(deep, "file", FileAccess.READ));
        assertEquals("deep", text(file, 0, 100));
        int itself = good(openBeneath(root, "", FileAccess.FOLDER));
        assertEquals(6, listing(itself).entries().size());
        files.close(itself);
        files.close(file);
        files.close(deep);
        files.close(sub);
        files.close(root);
    }

    @Test
    void filesAreMadeBeneath() throws Exception {
        int made = good(openBeneath(root, "sub/made", CREATE));
        assertEquals(4, write(made, 0, "made"));
        assertEquals("made", Files.readString(at("root/sub/made")));
        assertEquals(-Errno.EEXIST, openBeneath(root, "sub/made", CREATE));
        files.close(made);
        files.close(root);
    }

    @Test
    void theFolderStaysTheOneThatWasOpened() throws Exception {
        Files.move(at("root"), at("moved"));
        Files.createSymbolicLink(at("root"), folder);

        assertEquals("here", content("here"));
        assertEquals(-Errno.ENOENT, openBeneath(root, "secret", FileAccess.READ));
        files.close(root);
    }

    @Test
    void swappingAFolderForALinkLeadsNowhere() throws Exception {
        Path moving = at("root/moving");
        Files.createDirectory(moving);
        Files.writeString(moving.resolve("secret"), "harmless");
        Files.createSymbolicLink(at("evil"), folder);
        boolean[] done = {false};
        Thread swaps = Thread.ofPlatform().start(() -> {
            while (!isDone(done)) {
                swap(moving, at("aside"), at("evil"));
            }
        });
        try {
            for (int i = 0; i < 2_000; i++) {
                int opened = openBeneath(root, "moving/secret", FileAccess.READ);
                if (opened >= 0) {
                    assertEquals("harmless", text(opened, 0, 100));
                    files.close(opened);
                } else {
                    assertTrue(
                            opened == -Errno.ENOENT
                                    || opened == -Errno.EXDEV
                                    || opened == -Errno.ELOOP
                                    || opened == -Errno.ENOTDIR,
                            "result " + opened);
                }
            }
        } finally {
            synchronized (done) {
                done[0] = true;
            }
            swaps.join();
        }
        files.close(root);
    }

    private static boolean isDone(boolean[] done) {
        synchronized (done) {
            return done[0];
        }
    }

    /** The folder away, the link there; and back. */
    private static void swap(Path moving, Path aside, Path evil) {
        try {
            Files.move(moving, aside);
            Files.move(evil, moving);
            Files.move(moving, evil);
            Files.move(aside, moving);
        } catch (java.io.IOException impossible) {
            throw new java.io.UncheckedIOException(impossible);
        }
    }

    @Test
    void aFileIsNoFolderToOpenFrom() {
        int file = good(open(at("secret"), FileAccess.READ));

        assertEquals(-Errno.ENOTDIR, openBeneath(file, "below", FileAccess.READ));
        files.close(file);
        files.close(root);
    }
}
