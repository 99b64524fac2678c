package dev.pumasi.runtime.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A disk that is full, may not be written, or fails; and no descriptors. Each in a process of its own ({@link
 * FileFaultsProbe}) that has a file system to itself, mounted where no other process sees it. Where that is not allowed, the
 * test is reported as not done.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class DriverFileFaultsTest {

    @TempDir
    Path folder;

    /** What the probe says, run by a shell after {@code preparation}; "$1" there is the folder. */
    private List<String> probe(DriverUnderTest kind, String what, String unshare, String preparation) throws Exception {
        String script = "set -e\n" + preparation + "\nshift\nexec \"$@\"";
        Process process = new ProcessBuilder(
                        "unshare",
                        unshare,
                        "sh",
                        "-c",
                        script,
                        "sh",
                        folder.toString(),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-Xshare:auto",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FileFaultsProbe.class.getName(),
                        kind.name(),
                        what,
                        folder.resolve("disk").toString())
                .redirectError(folder.resolve("errors").toFile())
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        String errors = Files.readString(folder.resolve("errors"));
        Assumptions.assumeFalse(
                said.isEmpty()
                        && (errors.contains("ermission")
                                || errors.contains("permitted")
                                || errors.contains("not found")),
                () -> "not tested here: " + errors.strip());
        Assumptions.assumeFalse(errors.contains("DriverUnavailable"), () -> "not tested here: " + errors.strip());
        assertEquals(0, process.exitValue(), () -> said + errors);
        return said.lines().toList();
    }

    @ParameterizedTest
    @EnumSource
    void aFullDiskSaysSoAtEveryWriteAndIsUsableAfterwards(DriverUnderTest kind) throws Exception {
        List<String> said =
                probe(kind, "full", "-rm", "mkdir $1/disk; mount -t tmpfs -o size=64k,nr_inodes=8 none $1/disk");

        boolean isNio = kind == DriverUnderTest.NIO;
        assertEquals(
                List.of(
                        "write 40960",
                        "write the rest, short 24576",
                        "write " + -Errno.ENOSPC,
                        "gathered " + -Errno.ENOSPC,
                        "with sync " + -Errno.ENOSPC,
                        "sync 0",
                        "lengthen " + (isNio ? -Errno.ENOSPC : 0),
                        "write the hole " + -Errno.ENOSPC,
                        "reserve " + (isNio ? -Errno.EOPNOTSUPP : -Errno.ENOSPC),
                        "cut 0",
                        "with sync, short 4096",
                        "cut 0",
                        "write again 4096",
                        "one file too many " + -Errno.ENOSPC,
                        "one folder too many " + -Errno.ENOSPC,
                        "done"),
                said);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsMountedForReadingIsNotWritten(DriverUnderTest kind) throws Exception {
        List<String> said = probe(
                kind,
                "read-only",
                "-rm",
                "mkdir $1/disk; mount -t tmpfs none $1/disk; touch $1/disk/a; mount -o remount,ro $1/disk");

        assertEquals(
                List.of(
                        "make " + -Errno.EROFS,
                        "write " + -Errno.EROFS,
                        "delete " + -Errno.EROFS,
                        "rename " + -Errno.EROFS,
                        "folder " + -Errno.EROFS,
                        "done"),
                said);
    }

    /** A file system of 16 MiB on a device that has but 1 MiB: what does not fit is lost when it is written back. */
    @ParameterizedTest
    @EnumSource
    void aDeviceThatFailsIsReportedByTheSync(DriverUnderTest kind) throws Exception {
        List<String> said = probe(
                kind,
                "failing",
                "-m",
                "mkdir $1/small $1/disk; mount -t tmpfs -o size=1m none $1/small; truncate -s 16m $1/small/image;"
                        + " PATH=$PATH:/sbin:/usr/sbin mkfs.ext2 -q -F $1/small/image >/dev/null;"
                        + " mount -o loop $1/small/image $1/disk");

        assertEquals(List.of("sync " + -Errno.ENOSPC, "with sync " + -Errno.ENOSPC, "done"), said);
    }

    @ParameterizedTest
    @EnumSource
    void withoutDescriptorsAnOpeningFailsAndLaterWorksAgain(DriverUnderTest kind) throws Exception {
        List<String> said = probe(kind, "descriptors", "-rm", "mkdir $1/disk; ulimit -n 200");

        assertEquals(List.of("refused " + -Errno.EMFILE, "again true", "done"), said);
    }
}
