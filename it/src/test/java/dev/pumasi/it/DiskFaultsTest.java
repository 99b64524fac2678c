package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Loop;
import dev.pumasi.runtime.driver.Drivers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Real disks that really fail, and what a user of {@code loop.files()} is told: a full one, one whose device loses what it was
 * given, one with a quota. Each test is a process of its own ({@link DiskFaultsProbe}) in a mount namespace of its own, so
 * that everything mounted goes when the process does. The disks lie in memory.
 *
 * <p>What the machine lacks (root's rights, a program, a file system) is reported with the test, which then counts as not done.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class DiskFaultsTest {

    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private static final String PREPARE = "set -eu; PATH=$PATH:/sbin:/usr/sbin; disk=$1/disk; mkdir $disk; ";

    @TempDir
    private Path folder;

    static Stream<String> drivers() {
        return Drivers.names().stream().filter(name -> {
            Optional<String> refusal = Drivers.refusal(name);
            refusal.ifPresent(reason -> System.out.println("not tested: driver " + name + " (" + reason + ")"));
            return refusal.isEmpty();
        });
    }

    @ParameterizedTest
    @MethodSource("drivers")
    void aFullDiskKeepsWhatWasThere(String driver) throws Exception {
        List<String> said = probe(
                driver, "full", List.of("mount"), "mount -t tmpfs -o size=128k none $disk; set -- $disk none none");

        assertEquals(
                ending(
                        "replaced with room for 4 pages",
                        "append: DISK_FULL",
                        "gathered, with sync: DISK_FULL",
                        "with room again: done"),
                said);
    }

    @ParameterizedTest
    @MethodSource("drivers")
    void anUploadThatDoesNotFit(String driver) throws Exception {
        List<String> said = probe(
                driver, "upload", List.of("mount"), "mount -t tmpfs -o size=128k none $disk; set -- $disk none none");

        assertEquals(ending("announced: 507", "not announced: 507", "with room: 204"), said);
    }

    /** A file system of 64 MiB whose device ends after 1 MiB all at once. */
    @ParameterizedTest
    @MethodSource("drivers")
    void aDeviceThatFailsIsToldByTheSync(String driver) throws Exception {
        List<String> said = probe(
                driver,
                "failing",
                List.of("mkfs.ext4", "losetup", "mount"),
                "mkdir $1/memory; mount -t tmpfs -o size=32m none $1/memory; image=$1/memory/image; "
                        + "truncate -s 64m $image; mkfs.ext4 -q -F -O ^has_journal $image; "
                        + "mount -o loop $image $disk; device=$(losetup -n -O NAME -j $image); "
                        + "set -- $disk $device $image");

        assertEquals(ending("sync: IO", "write and sync: IO", "read: IO", "replace: IO"), said);
    }

    /** By btrfs, whose quotas need nothing of the kernel besides, and count for root. */
    @ParameterizedTest
    @MethodSource("drivers")
    void aQuotaIsNoFullDisk(String driver) throws Exception {
        List<String> said = probe(
                driver,
                "quota",
                List.of("mkfs.btrfs", "btrfs", "mount"),
                "mkdir $1/memory; mount -t tmpfs -o size=64m none $1/memory; image=$1/memory/image; "
                        + "truncate -s 128m $image; mkfs.btrfs -q $image >/dev/null; mount -o loop $image $disk; "
                        + "btrfs quota enable $disk; btrfs subvolume create $disk/limited >/dev/null; "
                        + "btrfs qgroup limit 2M $disk/limited; set -- $disk/limited none none");

        assertEquals(ending("write: QUOTA_EXCEEDED", "replace: QUOTA_EXCEEDED"), said);
    }

    private static List<String> ending(String... lines) {
        List<String> all = new ArrayList<>(List.of(lines));
        all.add("no descriptor is left");
        if (Loop.greenThreadsRunOnLoop()) {
            all.add("hops 0");
        }
        all.add("failures of the loop 0");
        return all;
    }

    /** What the probe says, after the shell has made a disk and set "$1", "$2" and "$3" to the folder, the device and its file. */
    private List<String> probe(String driver, String fault, List<String> programs, String preparation)
            throws IOException, InterruptedException {
        List<String> lacking = programs.stream()
                .filter(program -> Stream.of("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin")
                        .noneMatch(place -> Files.isExecutable(Path.of(place, program))))
                .toList();
        report(lacking.isEmpty(), lacking + " not installed (apt-get install e2fsprogs btrfs-progs mount)");
        List<String> unshared = run(List.of("unshare", "-m", "mount", "-t", "tmpfs", "none", folder.toString()));
        report(unshared.isEmpty(), "this process may not mount: " + unshared);

        List<String> java = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                DiskFaultsProbe.class.getName(),
                driver,
                fault);
        // The quoted command is the script's own; what the preparation has set follows it.
        String script = PREPARE + preparation + "; exec " + String.join(" ", java) + " \"$@\"";
        List<String> said = run(List.of("unshare", "-m", "sh", "-c", script, "sh", folder.toString()));
        report(
                said.stream()
                        .noneMatch(line -> line.contains("unknown filesystem type")
                                || line.contains("failed to setup loop device")),
                "no such file system, or no loop device: " + said);
        long beganNanos = System.nanoTime();
        List<String> devices = devicesHere();
        while (!devices.isEmpty()) { // the kernel unmounts what the process had a while after its end
            assertTrue(System.nanoTime() - beganNanos < PATIENCE_NANOS, "left behind: " + devices);
            LockSupport.parkNanos(20_000_000);
            devices = devicesHere();
        }
        return said;
    }

    private List<String> devicesHere() throws IOException, InterruptedException {
        return run(List.of("losetup", "-n", "-O", "BACK-FILE")).stream()
                .filter(line -> line.contains(folder.toString()))
                .toList();
    }

    private static void report(boolean isThere, String otherwise) {
        if (!isThere) {
            System.out.println("not tested: " + otherwise);
        }
        Assumptions.assumeTrue(isThere, () -> "not tested here: " + otherwise);
    }

    private static List<String> run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said.lines().toList();
    }
}
