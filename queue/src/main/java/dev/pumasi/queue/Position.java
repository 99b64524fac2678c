package dev.pumasi.queue;

/**
 * Where a message stands in its topic: its name for ever. Positions of one partition are in the order of publication; the
 * embedded engine has one partition, number 0, whose sequences have no gaps for messages lost (but may have some otherwise).
 *
 * @param partition from 0
 * @param sequence from 0
 */
public record Position(int partition, long sequence) implements Comparable<Position> {

    public Position {
        if (partition < 0 || sequence < 0) {
            throw new IllegalArgumentException("no position: " + partition + "-" + sequence);
        }
    }

    /** The position of a topic with one partition. */
    public static Position of(long sequence) {
        return new Position(0, sequence);
    }

    /**
     * What {@link #toString} wrote.
     *
     * @throws IllegalArgumentException if it is nothing of the kind
     */
    public static Position parse(String text) {
        int dash = text.indexOf('-');
        try {
            return new Position(
                    Integer.parseInt(text.substring(0, Math.max(dash, 0))), Long.parseLong(text.substring(dash + 1)));
        } catch (NumberFormatException notNumbers) {
            throw new IllegalArgumentException("no position: " + text + "; one looks like 0-42", notNumbers);
        }
    }

    @Override
    public int compareTo(Position other) {
        int byPartition = Integer.compare(partition, other.partition);
        return byPartition != 0 ? byPartition : Long.compare(sequence, other.sequence);
    }

    @Override
    public String toString() {
        return partition + "-" + sequence;
    }
}
