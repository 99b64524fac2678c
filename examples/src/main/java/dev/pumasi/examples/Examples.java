package dev.pumasi.examples;

import java.util.Arrays;
import java.util.List;

/** The examples by name: what {@code examples/run} starts. */
final class Examples {

    /** An example's own {@code main}. */
    @FunctionalInterface
    interface Main {
        void run(String[] arguments) throws Exception;
    }

    /**
     * One example.
     *
     * @param name as the user types it
     * @param rows the rows of docs/catalogue.md that it shows
     * @param arguments what may follow the name
     * @param shows what it shows, in a line
     */
    record Example(String name, String rows, String arguments, String shows, Main main) {}

    static final List<Example> ALL = List.of(
            new Example(
                    "kitchen",
                    "S01",
                    "[DRIVER]",
                    "soup, rice and spam: one after another, and overlapped",
                    Kitchen::main),
            new Example("hello", "", "[PORT]", "an HTTP server: three styles of handler, a router", Hello::main),
            new Example(
                    "one-thread",
                    "S02",
                    "[DRIVER]",
                    "five downloads at once, by five threads or by one",
                    OneThread::main),
            new Example(
                    "device-works",
                    "S03",
                    "[DRIVER]",
                    "the disk reads and writes while the CPU computes, on one thread",
                    DeviceWorks::main),
            new Example(
                    "blocking-or-not",
                    "S04",
                    "[DRIVER]",
                    "both kinds of call on each kind of socket",
                    BlockingOrNot::main),
            new Example(
                    "five-ways",
                    "S05 S08 S11",
                    "[DRIVER]",
                    "five ways and one more to learn that it is done",
                    FiveWays::main),
            new Example(
                    "quadrants",
                    "S07",
                    "[DRIVER]",
                    "synchronous or not, blocking or not: what each of the four costs",
                    Quadrants::main),
            new Example("interest-list", "S09", "[DRIVER]", "a loop turned by hand", HandDrivenLoop::main),
            new Example(
                    "green-threads",
                    "S06 S18 S21",
                    "[DRIVER]",
                    "their hazard, and its cure",
                    GreenThreadPerConnection::main),
            new Example(
                    "neighbours",
                    "S06",
                    "",
                    "a handler waits in three ways: what its neighbour on the loop feels",
                    Neighbours::main),
            new Example(
                    "offload",
                    "S06 S21",
                    "[DRIVER]",
                    "blocking calls on a pool: joined in three ways, refused, given up",
                    OffTheLoop::main),
            new Example("stall", "N1", "[DRIVER]", "a blocked loop is named, a thread dump, the cure", Stall::main),
            new Example(
                    "multiplexers", "S19", "[DRIVER...]", "one callback server on every driver", Multiplexers::main),
            new Example("callbacks", "S24", "[DRIVER]", "synchronous, asynchronous, event handlers", Callbacks::main),
            new Example("race", "S23", "[DRIVER]", "a counter that loses increments, and two cures", Race::main),
            new Example("channels", "S12", "[DRIVER]", "channels and select between two loops", Channels::main),
            new Example("event-sources", "S28", "[DRIVER]", "six event sources of one loop", EventSources::main),
            new Example("client", "N1", "[DRIVER]", "an HTTP client on the loop: three ways to ask", Client::main),
            new Example("proxy", "S31", "[DRIVER]", "load balancing: one of three goes and comes", LoadBalancing::main),
            new Example("names", "N1", "[DRIVER]", "names, and java.net.Socket, on a loop", HostNames::main),
            new Example(
                    "upcalls",
                    "S10",
                    "[DRIVER]",
                    "a signal, another process and another thread have something to say",
                    Upcalls::main),
            new Example("join", "S12", "[DRIVER]", "joining a thread, a green thread, a process", Join::main),
            new Example(
                    "scopes", "S25", "[DRIVER]", "all, fail fast, first success, deadline: a timeline", Scopes::main),
            new Example(
                    "fire-and-forget",
                    "S25",
                    "[DRIVER]",
                    "nobody waits, yet its failure is reported",
                    FireAndForget::main),
            new Example(
                    "database",
                    "S26",
                    "[--svg FILE] [postgresql | URL [USER PASSWORD]]",
                    "A B C, a query, D E F: three ways to go on, with a timeline",
                    ThreeWays::main),
            new Example(
                    "sessions-sql",
                    "S27",
                    "[DRIVER]",
                    "sessions in a database outlive the server, and are shared by two",
                    SessionsInSql::main),
            new Example(
                    "costs",
                    "S22",
                    "[DRIVER [PROCESSES THREADS GREEN]]",
                    "what a process, a thread and a green thread cost",
                    Costs::main),
            new Example("chat", "", "[PORT [DRIVER]]", "a chat server, green threads throughout", Chat::main));

    private Examples() {}

    public static void main(String[] args) throws Exception {
        String wanted = args.length > 0 ? args[0] : "";
        for (Example example : ALL) {
            if (example.name.equals(wanted)) {
                example.main.run(Arrays.copyOfRange(args, 1, args.length));
                return;
            }
        }
        System.err.println((wanted.isEmpty() ? "" : "no example is called " + wanted + "\n")
                + "examples/run NAME [ARGUMENTS], where NAME is one of:");
        for (Example example : ALL) {
            System.err.printf("  %-16s %-36s %s%n", example.name, example.arguments, example.shows);
        }
        System.err.println("A DRIVER is io_uring, epoll, poll, select, nio, or auto, which is the default.");
        System.exit(wanted.isEmpty() ? 0 : 2);
    }
}
