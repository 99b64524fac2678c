package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import dev.pumasi.runtime.driver.Launch;
import dev.pumasi.runtime.driver.ProcessGroup;
import dev.pumasi.runtime.driver.ProcessOperations;
import java.util.List;
import java.util.function.IntSupplier;

/** A program is being started. */
final class ProcessStart extends IoOperation<ChildProcess> {

    /** A socket to pass on; its handle is asked for on the loop, and negative when it is closed. */
    record Passed(IntSupplier handle, int descriptor) {}

    private final Launch launch;
    private final List<Passed> passed;
    private final ProcessRules rules;

    ProcessStart(Loop loop, Launch launch, List<Passed> passed, ProcessRules rules) {
        super(loop);
        this.launch = launch;
        this.passed = passed;
        this.rules = rules;
    }

    @Override
    int refusal() {
        return passed.stream().anyMatch(socket -> socket.handle().getAsInt() < 0) ? -Errno.EBADF : 0;
    }

    @Override
    void submit(long token) {
        try {
            processesOf(loop(), describe()).spawn(launch.passing(handles()), token);
        } catch (OperationException noProcesses) {
            loop().leave(this);
            fail(noProcesses);
        }
    }

    /** The simulated driver has none. */
    static ProcessOperations processesOf(Loop loop, String attempt) throws OperationException {
        try {
            return loop.driver().processes();
        } catch (UnsupportedOperationException none) {
            throw new OperationException(attempt, Failure.NOT_SUPPORTED, none);
        }
    }

    private List<Launch.Passed> handles() {
        return passed.stream()
                .map(socket -> new Launch.Passed(socket.handle().getAsInt(), socket.descriptor()))
                .toList();
    }

    @Override
    ChildProcess valueOf(int result) {
        return new ChildProcess(loop(), result, rules, launch.group() != ProcessGroup.SHARED);
    }

    /** Some errors mean something else here than of a socket. */
    @Override
    void completed(int result, int flags) {
        switch (-result) {
            case Errno.EAGAIN -> fail(new OperationException(describe(), Failure.TOO_MANY_PROCESSES));
            default -> super.completed(result, flags);
        }
    }

    @Override
    String describe() {
        return "start " + rules.name() + (launch.folder() == null ? "" : " in " + launch.folder());
    }
}
