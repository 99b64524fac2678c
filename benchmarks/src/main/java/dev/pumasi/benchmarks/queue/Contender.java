package dev.pumasi.benchmarks.queue;

import java.nio.file.Path;

/** Something that makes records durable: measured by how many a second it acknowledges. */
interface Contender {

    /** What it is, with what its figure means. */
    String name();

    /**
     * Makes records durable for as long as told, in a fresh folder.
     *
     * @param publishers how many at once wait for their record to be durable, each for its own
     * @return how many were durable before time was over
     */
    long run(Path folder, int publishers, int bytes, long nanos) throws Exception;
}
