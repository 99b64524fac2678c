package dev.pumasi.runtime;

import dev.pumasi.runtime.driver.Errno;
import java.net.InetAddress;
import java.util.List;

/** One who wants a name's addresses: an operation of its loop, which waits for a {@link NameQuery} if need be. */
final class NameLookUp extends Operation<List<InetAddress>> {

    private final Names names;
    private final String text;
    private final Timer limit = Timer.of(this::late);
    private Runnable leaveQuery = () -> {};

    NameLookUp(Loop loop, Names names, String text) {
        super(loop);
        this.names = names;
        this.text = text;
    }

    @Override
    void start() {
        switch (HostName.of(text)) {
            case HostName.Literal(InetAddress address) -> known(List.of(address));
            case HostName.Loopback _ -> known(names.loopback());
            case HostName.Nowhere _ -> refuse(Failure.NAME_UNKNOWN);
            case HostName.Malformed _ -> refuse(Failure.NAME_MALFORMED);
            case HostName.Name(String ascii) -> ask(ascii);
        }
    }

    private void known(List<InetAddress> addresses) {
        names.countKnown();
        succeed(addresses);
    }

    private void refuse(Failure why) {
        names.countKnown();
        fail(new OperationException(describe(), why));
    }

    private void ask(String ascii) {
        switch (names.query(ascii).join(this)) {
            case NameQuery.Known(NameQuery.Answer answer) -> {
                names.countKnown();
                end(answer);
            }
            case NameQuery.Waits(Runnable leave) -> {
                leaveQuery = leave;
                loop().enter(this);
                loop().start(limit, Loop.nanos(names.settings().limit()));
            }
            case NameQuery.Full.FULL -> {
                names.countRejected();
                fail(new OperationException(describe(), Failure.REJECTED));
            }
        }
    }

    /** On whatever thread the answer came. */
    void tell(NameQuery.Answer answer) {
        loop().execute(() -> {
            if (isInProgress()) { // it may have given up meanwhile
                leave();
                end(answer);
            }
        });
    }

    private void end(NameQuery.Answer answer) {
        switch (answer) {
            case NameQuery.Found found -> succeed(found.addresses());
            case NameQuery.Refused refused ->
                fail(new OperationException(describe(), refused.failure(), refused.cause()));
        }
    }

    private void late() {
        leave();
        fail(new OperationException(describe(), Failure.TIMED_OUT));
    }

    @Override
    void requestCancel() {
        leave();
        failWith(-Errno.ECANCELED);
    }

    private void leave() {
        leaveQuery.run();
        loop().cancel(limit);
        loop().leave(this);
    }

    @Override
    String describe() {
        return "resolve " + HostName.printable(text);
    }
}
