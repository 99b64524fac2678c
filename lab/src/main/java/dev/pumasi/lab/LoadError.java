package dev.pumasi.lab;

import dev.pumasi.runtime.Failure;
import dev.pumasi.runtime.OperationException;

/** What became of a request that was not answered as it should have been. */
public enum LoadError {
    REFUSED("refused", "nobody listens there (any more)"),
    UNREACHABLE("unreachable", "there is no way to that host"),
    NO_LOCAL_PORT(
            "no local port",
            "all ports of this address are in use or still cooling down: keep connections alive, or take several addresses"),
    NO_DESCRIPTOR("no descriptor", "this process may open no more files: raise ulimit -n, or take fewer connections"),
    RESET("reset", "the server reset the connection"),
    NO_ANSWER("closed unanswered", "the server closed the connection without a word"),
    CUT_SHORT("cut short", "the server closed the connection in the middle of an answer"),
    MALFORMED("malformed", "what came is no HTTP/1.1 answer"),
    WRONG_STATUS("wrong status", "an answer with another status than was expected"),
    TIMED_OUT("timed out", "no complete answer within the time limit"),
    NEVER_SENT("never sent", "it was due, and until the end no connection was free for it"),
    OTHER("other", "the connection failed in another way");

    private final String label;
    private final String meaning;

    LoadError(String label, String meaning) {
        this.label = label;
        this.meaning = meaning;
    }

    /** As tables and files name it. */
    public String label() {
        return label;
    }

    /** What happened, in a sentence without its capital and its full stop. */
    public String meaning() {
        return meaning;
    }

    static LoadError of(Throwable failure) {
        return failure instanceof OperationException known ? of(known.failure()) : OTHER;
    }

    static LoadError of(Failure failure) {
        return switch (failure) {
            case CONNECTION_REFUSED -> REFUSED;
            case UNREACHABLE, PERMISSION_DENIED -> UNREACHABLE;
            case ADDRESS_NOT_AVAILABLE, ADDRESS_IN_USE -> NO_LOCAL_PORT;
            case TOO_MANY_DESCRIPTORS -> NO_DESCRIPTOR;
            case CONNECTION_RESET, PEER_CLOSED -> RESET;
            case TIMED_OUT -> TIMED_OUT;
            default -> OTHER;
        };
    }
}
