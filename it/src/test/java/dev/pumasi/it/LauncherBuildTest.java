package dev.pumasi.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * When {@code ./pumasi} builds, when it rehearses, and what it starts: the real script in a checkout of its own, whose
 * Maven and whose JDK are scripts that write down how they were called.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class LauncherBuildTest {

    private static final List<String> MODULES = List.of("runtime", "http", "web", "cli");
    private static final Instant LONG_AGO = Instant.parse("2026-01-01T00:00:00Z");

    /** A folder with a space in its name, because somebody has one. */
    private Path checkout;

    private Path source;
    private Path jdk;

    private record Run(int status, String out) {
        boolean built() {
            return out.contains("pumasi: building");
        }

        boolean rehearsed() {
            return out.contains("pumasi: rehearsing");
        }
    }

    @BeforeEach
    void makeCheckout(@TempDir Path folder) throws IOException {
        checkout = Files.createDirectories(folder.resolve("rice field"));
        Files.createDirectories(checkout.resolve(".mvn"));
        for (String script : List.of("pumasi", ".mvn/find-jdk.sh", ".mvn/build.sh")) {
            Files.copy(Checkout.ROOT.resolve(script), checkout.resolve(script));
        }
        Files.writeString(checkout.resolve("pom.xml"), "");
        for (String module : MODULES) {
            Files.writeString(Files.createDirectories(checkout.resolve(module)).resolve("pom.xml"), "");
            Files.writeString(
                    Files.createDirectories(checkout.resolve(module + "/src/main"))
                            .resolve("A.java"),
                    "");
        }
        source = checkout.resolve("http/src/main/A.java");
        executable(checkout.resolve("mvnw"), """
                echo '[INFO] Building Pumasi cli 1 [1/1]'
                echo "$@" >called
                [ ! -e broken ] || { echo '[ERROR] no rice'; exit 1; }
                : >cli/target/pumasi.jar""");
        jdk = folder.resolve("jdk");
        executable(jdk.resolve("bin/javac"), "");
        // The stand-in for the rehearsal has to succeed, the one for the server to be told from it.
        executable(jdk.resolve("bin/java"), """
                status=7
                for a; do
                  echo "java: $a"
                  case $a in -XX:AOTCacheOutput=*) echo cache >"${a#*=}"; status=0 ;; esac
                done
                exit $status""");
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.9\"\n");
        try (var files = Files.walk(checkout)) {
            for (Path file : files.toList()) {
                age(file);
            }
        }
    }

    @Test
    void buildsAndRehearsesOnceAndBecomesJava() throws Exception {
        Run first = pumasi("serve", "two words");
        assertTrue(first.built() && first.rehearsed(), first.out);
        assertEquals(7, first.status, "the exit status is java's");
        assertTrue(first.out.contains("java: two words\n"), first.out);
        assertTrue(first.out.contains("java: -XX:AOTCache=" + checkout + "/cli/target/pumasi-25.0.9.aot\n"), first.out);

        Run second = pumasi("serve");
        assertFalse(second.built() || second.rehearsed(), second.out);
        assertTrue(second.out.contains("java: -XX:AOTCache="), second.out);
    }

    @Test
    void buildsAgainWhenASourceIsChangedAddedOrRemoved() throws Exception {
        pumasi("serve");
        settle();
        assertFalse(pumasi("serve").built(), "nothing changed");
        Path added = source.resolveSibling("B.java");

        Files.writeString(source, "changed");
        assertTrue(pumasi("serve").built(), "changed");
        settle();
        Files.writeString(added, "");
        age(added);
        assertTrue(pumasi("serve").built(), "added, with an old time");
        settle();
        Files.delete(added);
        Run run = pumasi("serve");
        assertTrue(run.built() && run.rehearsed(), "removed: " + run.out);
    }

    @Test
    void takesAJarThatMavenBuilt() throws Exception {
        Files.createDirectories(checkout.resolve("cli/target"));
        Files.writeString(checkout.resolve("cli/target/pumasi.jar"), "");
        Run run = pumasi("serve");
        assertFalse(run.built(), run.out);
        assertTrue(run.rehearsed(), run.out);

        settle();
        Files.writeString(source, "changed");
        assertTrue(pumasi("serve").built(), "a source is newer than the jar");
    }

    @Test
    void theLabsExamplesAreBuiltWithTheRest() throws Exception {
        pumasi("serve");
        assertTrue(called().contains("-pl cli -am"), called());
        settle();
        Files.writeString(source, "changed");
        pumasi("lab");
        assertTrue(called().contains("-pl cli,examples,examples/services -am"), called());
        assertTrue(
                Files.exists(checkout.resolve("examples/services/target/built")),
                "examples/services/run would build again");
    }

    /** The launcher's Maven leaves out the checks of the code; what it compiled must not be taken for up to date by the next one. */
    @Test
    void whatWasCompiledWithoutChecksIsCompiledAgainByMaven() throws Exception {
        Path compiled = compiledEarlier("http");
        Path untouched = compiledEarlier("web");
        executable(checkout.resolve("mvnw"), """
                echo >before
                until [ http/target/classes/A.class -nt before ]; do echo >http/target/classes/A.class; done # the clock's ticks are long
                : >cli/target/pumasi.jar
                [ ! -e broken ]""");
        pumasi("serve");
        assertTrue(Files.exists(untouched) && !Files.exists(compiled), "after a build");

        compiledEarlier("http");
        Files.delete(checkout.resolve("cli/target/pumasi.jar"));
        Files.writeString(checkout.resolve("broken"), "");
        assertEquals(1, pumasi("serve").status);
        assertTrue(Files.exists(untouched) && !Files.exists(compiled), "after a build that failed");
    }

    /** @return Maven's list of what it compiled */
    private Path compiledEarlier(String module) throws IOException {
        Path compiled = Files.createDirectories(checkout.resolve(module + "/target/classes"))
                .resolve("A.class");
        Path list = Files.createDirectories(
                        checkout.resolve(module + "/target/maven-status/maven-compiler-plugin/compile/default-compile"))
                .resolve("inputFiles.lst");
        for (Path file : List.of(compiled, list)) {
            Files.writeString(file, "");
            age(file);
        }
        return list;
    }

    private String called() throws IOException {
        return Files.readString(checkout.resolve("called"));
    }

    @Test
    void aBuildThatFailsEndsTheStartAndIsTriedAgain() throws Exception {
        Files.writeString(checkout.resolve("broken"), "");
        for (int start = 0; start < 2; start++) {
            Run run = pumasi("serve");
            assertEquals(1, run.status, run.out);
            assertTrue(run.out.contains("[ERROR] no rice") && run.out.contains("build.log"), run.out);
            assertFalse(run.out.contains("java:"), run.out);
        }
    }

    @Test
    void aJdkUpdateRehearsesAgain() throws Exception {
        pumasi("serve");
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"26\"\n");
        Run run = pumasi("serve");
        assertFalse(run.built(), run.out);
        assertTrue(run.rehearsed(), run.out);
    }

    @Test
    void namesNoCollectorBesideTheUsers() throws Exception {
        assertTrue(pumasi("serve").out.contains("-XX:+UseSerialGC"));
        Run run = start("-XX:+UseZGC -Xmx1g", "serve");
        assertFalse(run.out.contains("UseSerialGC"), run.out);
        assertTrue(run.out.contains("java: -XX:+UseZGC\njava: -Xmx1g\n"), run.out);
    }

    /** Lets the build have been some time ago, so that what the test does next is later for any clock. */
    private void settle() throws IOException {
        try (var files = Files.walk(checkout)) {
            for (Path file : files.toList()) {
                boolean built = file.startsWith(checkout.resolve("cli/target"));
                Files.setLastModifiedTime(file, FileTime.from(built ? LONG_AGO.plusSeconds(60) : LONG_AGO));
            }
        }
    }

    private static void age(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(LONG_AGO));
    }

    private static void executable(Path file, String body) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\ncd \"${0%/*}\"\n" + body + "\n");
        assertTrue(file.toFile().setExecutable(true));
    }

    private Run pumasi(String... arguments) throws IOException, InterruptedException {
        return start("", arguments);
    }

    private Run start(String options, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(checkout.resolve("pumasi").toString());
        builder.command().addAll(List.of(arguments));
        builder.environment().put("JAVA_HOME", jdk.toString());
        builder.environment().put("PUMASI_JAVA_OPTS", options);
        Process process = builder.redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Run(process.waitFor(), out);
    }
}
