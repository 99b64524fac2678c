package dev.pumasi.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;
import dev.pumasi.testkit.LeakWatch;
import dev.pumasi.testkit.LogWatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A supervisor and its workers, which are real processes: starts, deaths, reloads, and their failures. */
@ExtendWith({LeakWatch.class, LogWatch.class})
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class SupervisorTest {

    private static final int CLIENTS = 4;
    private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final List<String> told = Collections.synchronizedList(new ArrayList<>());

    static WorkerSettings trial(Map<String, String> settings) {
        return WorkerSettings.of(new ApplicationChoice(TrialApplication.class.getName(), List.of(), settings));
    }

    static WorkerPlan plan(int workers, WorkerSettings settings) {
        return WorkerPlan.of(workers, java(Worker.class), settings);
    }

    /** The tests' class path, which is in no system property of a worker's. */
    static List<String> java(Class<?> main) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-Xss512k",
                "-XX:MaxJavaStackTraceDepth=8",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName());
    }

    private SupervisorBuilder supervisor(WorkerPlan.Planner planner) {
        return Supervisor.of(planner)
                .address(new InetSocketAddress("127.0.0.1", 0))
                .retirePatience(Duration.ofSeconds(30))
                .teller(told::add);
    }

    private Supervisor start(int workers, Map<String, String> settings) throws Exception {
        return supervisor(() -> plan(workers, trial(settings))).start();
    }

    static void until(String what, BooleanSupplier condition) {
        long begin = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - begin > DEADLINE_NANOS) {
                throw new AssertionError("waited in vain until " + what);
            }
            LockSupport.parkNanos(2_000_000);
        }
    }

    private static String get(Supervisor supervisor, String target) throws IOException {
        try (Asker asker = new Asker(supervisor.port())) {
            return asker.get(target).body();
        }
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent();
    }

    // ------------------------------------------------------------------------------------------- serving, dying

    @ParameterizedTest
    @CsvSource({
        "green,auto",
        "event-loop,auto",
        "worker-pool,auto",
        "prethreaded,auto",
        "threaded,auto",
        "iterative,auto",
        "green,epoll",
        "green,poll",
        "green,select"
    })
    void workersOfEachModelServeOneSocket(String model, String driver) throws Exception {
        WorkerSettings settings = trial(Map.of()).withModel(Model.of(model)).withDriver(driver);
        try (Supervisor supervisor = supervisor(() -> plan(2, settings)).start()) {
            assertEquals(2, new HashSet<>(supervisor.workers()).size());
            Set<String> served = new HashSet<>();
            until("both have served", () -> {
                try {
                    served.add(get(supervisor, "/pid"));
                } catch (IOException failed) {
                    throw new AssertionError(failed);
                }
                return served.size() == 2;
            });
            assertEquals(
                    new HashSet<>(
                            supervisor.workers().stream().map(Object::toString).toList()),
                    served);
            try (Asker asker = new Asker(supervisor.port())) {
                Asker.Answer answer = asker.post("/echo", "some body");
                assertEquals("some body", answer.body());
                assertEquals(model.equals("iterative"), answer.isLast());
                assertEquals(
                        "home",
                        answer.isLast() ? get(supervisor, "/") : asker.get("/").body());
            }
        }
        assertEquals(List.of(), told);
    }

    @Test
    void aWorkerThatIsKilledTakesOnlyItsOwnConnectionsAlongAndIsReplaced() throws Exception {
        try (Supervisor supervisor = start(2, Map.of())) {
            List<Long> before = supervisor.workers();
            Path sockets = Path.of(System.getProperty("java.io.tmpdir"), "pumasi-" + System.getProperty("user.name"));
            try (Asker one = new Asker(supervisor.port());
                    Asker other = askerOfAnother(supervisor, one.get("/pid").body())) {
                long killed = Long.parseLong(one.get("/pid").body());
                until("it can be asked for its threads", () -> hasSocket(sockets, killed));
                ProcessHandle.of(killed).orElseThrow().destroyForcibly();
                assertThrows(IOException.class, () -> {
                    while (true) {
                        one.get("/pid");
                    }
                });
                assertEquals("home", other.get("/").body());
                until(
                        "another has taken its place",
                        () -> supervisor.workers().size() == 2
                                && !supervisor.workers().contains(killed));
                assertTrue(supervisor.workers().stream().anyMatch(before::contains), "the other one has stayed");
                assertFalse(hasSocket(sockets, killed), "what it left behind is taken away");
            }
            assertTrue(told.getFirst().contains("was killed by SIGKILL; another is started at once"), told::toString);
        }
    }

    /** A connection that another worker serves. */
    private static Asker askerOfAnother(Supervisor supervisor, String pid) throws IOException {
        for (int tries = 0; tries < 1000; tries++) {
            Asker asker = new Asker(supervisor.port());
            if (!asker.get("/pid").body().equals(pid)) {
                return asker;
            }
            asker.close();
        }
        throw new AssertionError("one worker serves everybody");
    }

    /** What a handler does to its process is felt by that process's clients and by nobody else. */
    @ParameterizedTest
    @ValueSource(strings = {"/exit", "/halt", "/memory", "/recurse"})
    void whatAHandlerDoesToItsProcessTheOthersDoNotNotice(String target) throws Exception {
        try (Supervisor supervisor = start(2, Map.of());
                Asker victim = new Asker(supervisor.port());
                Asker other = askerOfAnother(supervisor, victim.get("/pid").body())) {
            String pid = victim.get("/pid").body();
            if (target.equals("/recurse")) {
                assertEquals(500, victim.get(target).status()); // the stack is unwound, and that is all
                assertEquals(pid, victim.get("/pid").body());
            } else {
                assertThrows(IOException.class, () -> victim.get(target));
                until(
                        "it is replaced",
                        () -> supervisor.workers().size() == 2
                                && !supervisor.workers().contains(Long.parseLong(pid)));
                String how = switch (target) {
                    case "/exit" -> "exited with status 7";
                    case "/halt" -> "exited with status 9";
                    default -> "ran out of memory";
                };
                assertTrue(told.getFirst().contains(how), told::toString);
            }
            assertEquals("home", other.get("/").body());
            assertEquals("home", get(supervisor, "/"));
        }
    }

    @Test
    void tooManyDeathsEndTheServiceAndSayOfWhatTheLastOneDied() throws Exception {
        try (Supervisor supervisor =
                supervisor(() -> plan(1, trial(Map.of()))).deathsMax(2).start()) {
            for (int death = 1; death <= 3; death++) {
                until("there is a worker", () -> !supervisor.workers().isEmpty());
                try (Asker asker = new Asker(supervisor.port())) {
                    assertThrows(IOException.class, () -> asker.get("/halt"));
                }
            }
            SupervisorException ended = assertThrows(SupervisorException.class, supervisor::awaitEnd);
            assertTrue(
                    ended.getMessage()
                            .contains("exited with status 9; that was death 3 within 60 s, and no more than 2"),
                    ended.getMessage());
        }
        assertTrue(told.get(1).contains("another is started in 100 ms (death 2 of the 2"), told::toString);
    }

    @Test
    void aWorkerThatIsToldToLeaveByOthersIsReplacedBeforeItIsGone() throws Exception {
        try (Supervisor supervisor = start(1, Map.of());
                Asker asker = new Asker(supervisor.port())) {
            long worker = Long.parseLong(asker.get("/pid").body());
            ProcessHandle.of(worker).orElseThrow().destroy(); // SIGTERM
            until(
                    "another serves",
                    () -> supervisor.workers().size() == 1
                            && !supervisor.workers().contains(worker));
            assertEquals(Long.toString(worker), asker.last("/pid").body());
            until("it has left", () -> !isAlive(worker));
        }
        assertTrue(told.getFirst().contains("was told to leave; another takes its place"), told::toString);
    }

    // ------------------------------------------------------------------------------------------- the first start

    @Test
    void whatKeepsTheFirstWorkersFromStartingIsSaid() {
        Map<String, String> causes = Map.of(
                "refuse",
                        "does not start: the application trial does not start: IllegalStateException: no database today",
                "die", "exited with status 9",
                "hang", "was not ready within 3 s");
        causes.forEach((start, why) -> {
            // Only who hangs is to run into the limit; on a busy machine the others take their time.
            Duration limit = start.equals("hang") ? Duration.ofSeconds(3) : Duration.ofSeconds(60);
            SupervisorException refused = assertThrows(
                    SupervisorException.class,
                    () -> supervisor(() -> plan(2, trial(Map.of("start", start))))
                            .readyLimit(limit)
                            .start());
            assertTrue(refused.getMessage().contains(why), refused.getMessage());
        });
    }

    @Test
    void aPortThatIsTakenIsNamed() throws Exception {
        try (Supervisor first = start(1, Map.of())) {
            OperationException taken = assertThrows(
                    OperationException.class,
                    () -> supervisor(() -> plan(1, trial(Map.of())))
                            .address(first.address())
                            .start());
            assertEquals(Failure.ADDRESS_IN_USE, taken.failure());
        }
    }

    @Test
    void moreWorkersThanThereIsMemoryForAreRefusedBeforeTheyStart() {
        SupervisorException refused = assertThrows(
                SupervisorException.class,
                () -> supervisor(() -> new WorkerPlan(4, List.of("/bin/false"), 1L << 40))
                        .start());
        assertTrue(
                refused.getMessage().startsWith("4 workers of up to 1024 GiB each need 4096 GiB, and "),
                refused.getMessage());
    }

    // ------------------------------------------------------------------------------------------- reloads

    @Test
    void aReloadBringsANewGenerationAndTheOldOneAnswersWhatItHas() throws Exception {
        AtomicReference<String> version = new AtomicReference<>("1");
        try (Supervisor supervisor = supervisor(() -> plan(2, trial(Map.of("version", version.get()))))
                        .start();
                Asker kept = new Asker(supervisor.port());
                Asker busy = new Asker(supervisor.port())) {
            List<Long> old = supervisor.workers();
            assertEquals("1", kept.get("/version").body());
            assertEquals("1", busy.get("/version").body(), "an old one has both");
            CompletableFuture<Asker.Answer> slow = CompletableFuture.supplyAsync(() -> busy.getUnchecked("/slow"));
            version.set("2");
            ReloadOutcome.Serving serving = assertInstanceOf(
                    ReloadOutcome.Serving.class, supervisor.reload().get());
            assertEquals(2, serving.generation());
            assertEquals(old, serving.leaving());
            assertEquals(supervisor.workers(), serving.workers());
            assertTrue(Collections.disjoint(old, serving.workers()));
            assertEquals("2", get(supervisor, "/version"));
            assertTrue(old.contains(Long.parseLong(slow.get().body())));
            // One that is kept open is served by the old one once more, and told that this was the last time.
            assertEquals("1", kept.last("/version").body());
            assertTrue(kept.hasEnded());
            busy.close();
            until("the old ones have left", () -> old.stream().noneMatch(SupervisorTest::isAlive));
        }
        assertEquals(List.of(), told);
    }

    /** The common pool has a thread for each processor but one, and these wait. */
    private static <T> CompletableFuture<T> onThread(Supplier<T> work) {
        return CompletableFuture.supplyAsync(
                work, task -> Thread.ofPlatform().daemon().start(task));
    }

    private static boolean hasSocket(Path folder, long pid) {
        String[] names = folder.toFile().list((_, name) -> name.startsWith(pid + "."));
        return names != null && names.length > 0;
    }

    /** They accept from the JDK, by a thread that waits in the call; the others' reloads are tried under load elsewhere. */
    @ParameterizedTest
    @ValueSource(strings = {"iterative", "threaded", "prethreaded"})
    void aReloadOfWorkersThatBlockLosesNoRequest(String model) throws Exception {
        WorkerSettings settings = trial(Map.of()).withModel(Model.of(model));
        try (Supervisor supervisor = supervisor(() -> plan(2, settings)).start()) {
            AtomicBoolean over = new AtomicBoolean();
            List<CompletableFuture<Integer>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(onThread(() -> askUntil(over, supervisor.port())));
            }
            for (int reload = 2; reload <= 3; reload++) {
                ReloadOutcome.Serving serving = assertInstanceOf(
                        ReloadOutcome.Serving.class, supervisor.reload().get());
                assertEquals(reload, serving.generation());
                until("the old ones have left", () -> serving.leaving().stream().noneMatch(SupervisorTest::isAlive));
            }
            over.set(true);
            for (CompletableFuture<Integer> client : clients) {
                assertTrue(client.get() > 0, "it was answered");
            }
        }
        assertEquals(List.of(), told);
    }

    /** A connection for three requests, or until its end is announced, and the next. Says how many were answered; fails with one that was not. */
    private static int askUntil(AtomicBoolean over, int port) {
        int answered = 0;
        while (!over.get()) {
            try (Asker asker = new Asker(port)) {
                boolean isLast = false;
                for (int request = 0; request < 3 && !isLast; request++) {
                    Asker.Answer answer = asker.post("/echo", "some body");
                    assertEquals("some body", answer.body());
                    isLast = answer.isLast();
                    answered++;
                }
            } catch (IOException failed) {
                throw new UncheckedIOException("after " + answered + " answers", failed);
            }
        }
        return answered;
    }

    @Test
    void oneMoreThanAWorkerHoldsIsToldSo() throws Exception {
        WorkerSettings settings = trial(Map.of()).withConnections(1);
        assertEquals(
                "at most 1 connection, one more is answered with 503",
                settings.capacity().toString());
        try (Supervisor supervisor = supervisor(() -> plan(1, settings)).start();
                Asker first = new Asker(supervisor.port())) {
            assertEquals("home", first.get("/").body());
            try (Asker second = new Asker(supervisor.port())) {
                Asker.Answer answer = second.get("/");
                assertEquals(503, answer.status());
                assertTrue(answer.isLast());
                assertTrue(second.hasEnded());
            }
            assertEquals("home", first.get("/").body());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "iterative,'at most 1 connection, one more waits in the kernel''s queue'",
        "prethreaded,'at most 1 connection and 1 waiting, one more waits in the kernel''s queue'",
        "threaded,'at most 1 connection, one more waits in the kernel''s queue'"
    })
    void oneMoreThanThereAreThreadsForWaitsForOne(String model, String capacity) throws Exception {
        WorkerSettings settings = trial(Map.of()).withModel(Model.of(model)).withThreads(1);
        assertEquals(capacity, settings.capacity().toString());
        try (Supervisor supervisor = supervisor(() -> plan(1, settings)).start();
                Asker busy = new Asker(supervisor.port());
                Asker second = new Asker(supervisor.port());
                Asker third = new Asker(supervisor.port())) {
            CompletableFuture<Asker.Answer> slow = onThread(() -> busy.getUnchecked("/slow"));
            CompletableFuture<Asker.Answer> next = onThread(() -> second.getUnchecked("/pid"));
            CompletableFuture<Asker.Answer> last = onThread(() -> third.getUnchecked("/pid"));
            assertEquals(slow.get().body(), next.get().body());
            assertEquals(slow.get().body(), last.get().body());
        }
    }

    @Test
    void aFirstWorkerThatFailsItsOwnRequestsServesAndThatIsTold() throws Exception {
        try (Supervisor supervisor = start(1, Map.of("start", "broken"))) {
            assertEquals("broken", get(supervisor, "/"));
        }
        assertEquals(1, told.size(), told::toString);
        assertTrue(told.getFirst().contains("with 5xx; it serves all the same"), told::toString);
    }

    @Test
    void whatFailsToStartLeavesTheOldOnesInPlace() throws Exception {
        AtomicReference<WorkerPlan.Planner> planner = new AtomicReference<>(() -> plan(1, trial(Map.of())));
        try (Supervisor supervisor = supervisor(() -> planner.get().plan())
                        .readyLimit(Duration.ofSeconds(20)) // which one of them waits for to its end
                        .start();
                Asker kept = new Asker(supervisor.port())) {
            List<Long> old = supervisor.workers();
            assertEquals(old.getFirst().toString(), kept.get("/pid").body());
            refused(supervisor, kept, planner, "line 3 of the file", () -> {
                throw new IOException("line 3 of the file makes no sense");
            });
            refused(
                    supervisor,
                    kept,
                    planner,
                    "could not be started: cannot start /no/such/java",
                    () -> new WorkerPlan(1, List.of("/no/such/java"), 1));
            refused(
                    supervisor,
                    kept,
                    planner,
                    "exited with status 1",
                    () -> new WorkerPlan(2, List.of(java(Worker.class).getFirst(), "-jar", "/no/such.jar"), 1));
            refused(supervisor, kept, planner, "no database today", () -> plan(2, trial(Map.of("start", "refuse"))));
            refused(supervisor, kept, planner, "exited with status 9", () -> plan(2, trial(Map.of("start", "die"))));
            refused(supervisor, kept, planner, "with 5xx", () -> plan(2, trial(Map.of("start", "broken"))));
            refused(supervisor, kept, planner, "was not ready within", () -> plan(1, trial(Map.of("start", "hang"))));
            refused(
                    supervisor,
                    kept,
                    planner,
                    "beside the 1 that serve",
                    () -> new WorkerPlan(4, List.of("/bin/false"), 1L << 40));
            assertEquals(old, supervisor.workers());
            assertEquals(old.getFirst().toString(), kept.get("/pid").body());
        }
    }

    /** A connection that is kept meanwhile does not notice. */
    private static void refused(
            Supervisor supervisor,
            Asker kept,
            AtomicReference<WorkerPlan.Planner> current,
            String why,
            WorkerPlan.Planner planner)
            throws Exception {
        current.set(planner);
        ReloadOutcome.Refused refused = assertInstanceOf(
                ReloadOutcome.Refused.class, supervisor.reload().get(60, TimeUnit.SECONDS));
        assertTrue(refused.why().contains(why), refused.why());
        assertFalse(kept.get("/pid").isLast(), why);
    }

    @Test
    void reloadsComeOneAfterAnother() throws Exception {
        CompletableFuture<Void> asked = CompletableFuture.completedFuture(null);
        AtomicReference<CompletableFuture<Void>> all = new AtomicReference<>(asked);
        try (Supervisor supervisor = supervisor(() -> {
                    all.get().join();
                    return plan(1, trial(Map.of()));
                })
                .start()) {
            all.set(new CompletableFuture<>());
            CompletableFuture<ReloadOutcome> first = supervisor.reload();
            CompletableFuture<ReloadOutcome> second = supervisor.reload();
            CompletableFuture<ReloadOutcome> third = supervisor.reload();
            all.get().complete(null); // the first has no plan before the others have been asked for
            assertEquals(2, ((ReloadOutcome.Serving) first.get()).generation());
            // Those that came during the first are one.
            assertEquals(3, ((ReloadOutcome.Serving) second.get()).generation());
            assertEquals(second.get(), third.get());
            assertEquals("home", get(supervisor, "/"));
        }
    }

    @Test
    void aStopEndsAReloadThatIsUnderWay() throws Exception {
        AtomicReference<String> start = new AtomicReference<>("well");
        Supervisor supervisor =
                supervisor(() -> plan(1, trial(Map.of("start", start.get())))).start();
        start.set("hang");
        CompletableFuture<ReloadOutcome> reload = supervisor.reload();
        CompletableFuture<ReloadOutcome> after = supervisor.reload();
        long worker = supervisor.workers().getFirst();
        supervisor.close();
        supervisor.awaitEnd();
        assertEquals(new ReloadOutcome.Refused("the supervisor is being stopped"), reload.get(60, TimeUnit.SECONDS));
        assertEquals(new ReloadOutcome.Refused("the supervisor is being stopped"), after.get(60, TimeUnit.SECONDS));
        assertInstanceOf(ReloadOutcome.Refused.class, supervisor.reload().get(60, TimeUnit.SECONDS));
        assertFalse(isAlive(worker));
    }

    @Test
    void aStopLetsRequestsInProgressBeAnswered(@TempDir Path folder) throws Exception {
        Supervisor supervisor = start(1, Map.of());
        try (Asker busy = new Asker(supervisor.port())) {
            String pid = busy.get("/pid").body();
            Path begun = folder.resolve("begun");
            CompletableFuture<Asker.Answer> slow =
                    CompletableFuture.supplyAsync(() -> busy.lastUnchecked("/slow?" + begun));
            until("its request is there", () -> Files.exists(begun));
            supervisor.close();
            assertEquals(pid, slow.get().body());
            assertNotEquals(0, pid.length());
        }
    }
}
