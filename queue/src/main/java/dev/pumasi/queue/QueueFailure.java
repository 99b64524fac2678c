package dev.pumasi.queue;

/** Why a queue did not do what it was asked, with what can be done about it. */
public enum QueueFailure {
    FULL(
            "more waits to be written than is allowed",
            "try again a little later, publish in direct style, which waits, or raise the option pending"),
    DISK_FULL("no space is left on the disk", "delete something (df shows what is full); it goes on by itself then"),
    TOO_LARGE("the message is over the limit", "store it elsewhere and publish where, or raise the option message"),
    STOPPED(
            "it stopped, because writing or syncing failed and what is on the disk is no longer known",
            "see the system's log (dmesg), replace what is broken, then open the queue again: it looks for its end anew"),
    DAMAGED(
            "what was once durable cannot be read any more",
            "restore it from a copy, or open with damage=skip to go on with what is left"),
    IN_USE(
            "another process has this folder open",
            "stop that one, use another folder, or reach the queue through its owner"),
    STALE(
            "the message was taken back meanwhile, because its time was over, its consumer closed, or it is settled",
            "nothing to do: it is settled, or somebody else has it or will get it"),
    TOO_MANY("the limit of topics, groups or headers was reached", "use fewer"),
    INVALID("that is no proper name, address or setting", "see the documentation of what was given"),
    NOT_FOUND("there is no such thing", "check the name"),
    CLOSED("it is closed, or its loop is", "do not use it after closing it"),
    UNAVAILABLE("the other side cannot be reached", "check that it runs, and try again");

    private final String cause;
    private final String remedy;

    QueueFailure(String cause, String remedy) {
        this.cause = cause;
        this.remedy = remedy;
    }

    /** What happened, as part of a sentence. */
    public String cause() {
        return cause;
    }

    /** What to do about it, as part of a sentence. */
    public String remedy() {
        return remedy;
    }
}
