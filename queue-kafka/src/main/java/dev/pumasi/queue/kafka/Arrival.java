package dev.pumasi.queue.kafka;

import dev.pumasi.queue.Message;

/**
 * A message that was fetched, on its way to the loop.
 *
 * @param bytes what it counts for, of what a group may have in memory
 * @param lost how many before it were deleted before this group had read them
 */
record Arrival(int partition, long offset, long storedMillis, Message message, long bytes, long lost) {}
