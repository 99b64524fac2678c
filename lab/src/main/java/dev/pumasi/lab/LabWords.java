package dev.pumasi.lab;

import java.util.LinkedHashMap;
import java.util.Map;

/** The words that a report uses, for somebody who has never heard of any of it; at the end of its page. */
final class LabWords {

    private LabWords() {}

    /** What each means, in an order in which later ones use earlier ones. */
    static Map<String, String> meanings() {
        Map<String, String> words = new LinkedHashMap<>();
        words.put(
                "Kernel",
                "The core of the operating system. A program calls it whenever it wants to read, write, wait, or have another thread or process.");
        words.put(
                "Process",
                "A running program with memory of its own. If one dies, the others live. A Java machine (JVM) is a process.");
        words.put(
                "Thread",
                "A line of work within a process; the kernel gives it a processor in turns. While it waits inside a call, it can do nothing else.");
        words.put(
                "Green thread",
                "It looks like a thread to whoever writes the program, but the program itself switches between them: when one waits, its"
                        + " event loop goes on with another. In Java it is called a virtual thread.");
        words.put("Blocking", "A call that returns when the thing has happened, and until then holds the thread.");
        words.put("Non-blocking", "A call that returns at once, perhaps with the answer: not yet.");
        words.put(
                "Synchronous, asynchronous",
                "Whether the caller itself sees to it that a thing gets done, or somebody else does and tells the caller.");
        words.put(
                "Event loop",
                "One thread that asks the kernel which of many connections have something to read, serves those, and asks again. It never waits for"
                        + " one alone.");
        words.put(
                "select, poll, epoll, io_uring",
                "Four ways to ask the kernel about many connections at once, from the oldest to the newest. io_uring also does the reading and writing.");
        words.put("Concurrency model", "Who looks after whom in a server. The next eight are models.");
        words.put("iterative", "One thread, and one connection at a time: the others wait until it is closed.");
        words.put("forking", "A new process for each connection.");
        words.put("preforked", "A few processes, started beforehand, that share the connections.");
        words.put("threaded", "A thread for each connection.");
        words.put("prethreaded", "A fixed number of threads, started beforehand; each takes one connection at a time.");
        words.put("event-loop", "One thread for all connections; a handler that waits makes all of them wait.");
        words.put("worker-pool", "An event loop, and a few threads to which it hands the requests.");
        words.put("green", "A green thread for each request, on an event loop.");
        words.put(
                "Connection, request",
                "A client opens a connection to a server, and asks on it for one thing after another: requests. An idle connection is open, and nothing"
                        + " is asked on it.");
        words.put(
                "Processor time, CPU",
                "For how long a processor was at work for a program. Who waits uses none; so it can be shorter or, with several processors, longer"
                        + " than the time on the clock.");
        words.put(
                "Context switch",
                "The kernel puts one thread aside and goes on with another. It takes some microseconds, and what the processor had at hand must be"
                        + " fetched again.");
        words.put(
                "Throughput, latency",
                "How many requests a server answers in a second; how long one of them waits for its answer.");
        words.put(
                "p50, p99",
                "Half of all requests were answered within p50, and 99 of 100 within p99: what is usual, and what the unlucky see.");
        words.put(
                "Median",
                "The value in the middle when all are put in order. One round that went wrong does not move it, as it would move the mean.");
        words.put(
                "ms, µs, ns",
                "Thousandths, millionths and thousand-millionths of a second. Light goes 300 km, 300 m and 30 cm in one.");
        words.put("KiB, MiB", "1,024 bytes; 1,024 times as much. A page of plain text has about 2 KiB.");
        words.put(
                "An axis by powers of ten",
                "Where the numbers on an axis are 1, 10, 100, each step is ten times as much: small and large fit into one picture, and the same distance"
                        + " means the same factor.");
        return words;
    }
}
