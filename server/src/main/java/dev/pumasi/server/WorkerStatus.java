package dev.pumasi.server;

import dev.pumasi.http.HttpStatus;
import dev.pumasi.runtime.Figures;
import dev.pumasi.runtime.Stall;
import java.time.Duration;
import java.util.List;

/**
 * A worker process, as its supervisor knows it and as it tells itself.
 *
 * @param id its process id; 0 before it has one
 * @param state in capitals: STARTING, WARMING, READY, SERVING, LEAVING
 * @param generation that of its supervisor's plans to which it belongs
 * @param age since it was started
 * @param answered whether it has answered this time; otherwise what follows is what it said last, or nothing
 * @param heapBytes in use, garbage included
 * @param heapBytesMax what the heap may grow to
 * @param http what its connections have done
 * @param stalls the last times that one of its loops did not turn; reports may be cut
 * @param parts what its pools, databases, queues and other parts count
 * @param partsLeftOut how many parts are not among these, because there are too many or one has too much to say
 */
public record WorkerStatus(
        long id,
        String state,
        int generation,
        Duration age,
        boolean answered,
        long heapBytes,
        long heapBytesMax,
        HttpStatus http,
        List<LoopFigures> loops,
        List<Stall> stalls,
        List<Figures.Row> parts,
        int partsLeftOut) {}
