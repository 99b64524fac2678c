package dev.pumasi.testkit;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The bytes of one simulated file, twice: as everybody sees them, and as they lie on the device. What was written and not
 * synced is known by its sectors.
 */
final class SimContent {

    /** What a disk writes whole or not at all. */
    static final int SECTOR_BYTES = 512;

    /** Longer files are refused, as by a file system with a limit. */
    static final int BYTES_MAX = 1 << 28;

    private byte[] bytes;
    private int length;

    private byte[] durable;
    private int durableLength;

    /** Written since the last sync; each of them may or may not have reached the device. */
    private final BitSet dirty = new BitSet();

    private boolean lengthDirty;

    SimContent() {
        this(new byte[0]);
    }

    /** A content that is on the device. */
    SimContent(byte[] durable) {
        this.durable = durable.clone();
        durableLength = durable.length;
        bytes = durable.clone();
        length = durable.length;
    }

    int length() {
        return length;
    }

    byte[] read(long position, int count) {
        return position >= length
                ? new byte[0]
                : Arrays.copyOfRange(bytes, (int) position, (int) Math.min(length, position + count));
    }

    void write(int position, byte[] from, int count) {
        if (position + count > length) {
            setLength(position + count);
        }
        System.arraycopy(from, 0, bytes, position, count);
        if (count > 0) {
            dirty.set(position / SECTOR_BYTES, sectors(position + count));
        }
    }

    /** What lies beyond is cut off, or reads as zeros. */
    void setLength(int to) {
        if (to == length) {
            return;
        }
        if (to > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(to, (int) Math.min(BYTES_MAX, 2L * bytes.length)));
        } else if (to < length) {
            Arrays.fill(bytes, to, length, (byte) 0);
        }
        dirty.set(Math.min(to, length) / SECTOR_BYTES, sectors(Math.max(to, length)));
        length = to;
        lengthDirty = true;
    }

    /** Everything is on the device now. */
    void sync() {
        makeRoom();
        dirty.stream().forEach(this::keep);
        dirty.clear();
        durableLength = length;
        lengthDirty = false;
    }

    /**
     * A sync that failed: part of what was written is on the device. The rest is lost, and no later sync brings it there,
     * though it can still be read, as with Linux since 4.13.
     */
    void syncInVain(Dice dice) {
        makeRoom();
        dirty.stream().filter(_ -> dice.chance(0.5)).forEach(this::keep);
        dirty.clear();
        if (dice.chance(0.5)) {
            durableLength = length;
        }
        lengthDirty = false;
    }

    /**
     * What is found after a crash.
     *
     * @param kept how likely a sector that was not synced has reached the device
     */
    byte[] afterCrash(Dice dice, double kept) {
        int survived = durableLength;
        if (lengthDirty && dice.chance(kept)) {
            survived = dice.chance(0.5)
                    ? length
                    : (int) dice.between(Math.min(length, durableLength), Math.max(length, durableLength));
        }
        byte[] found = Arrays.copyOf(Arrays.copyOf(durable, durableLength), survived);
        for (int sector = dirty.nextSetBit(0); sector >= 0; sector = dirty.nextSetBit(sector + 1)) {
            int from = sector * SECTOR_BYTES;
            int to = Math.min(Math.min(from + SECTOR_BYTES, bytes.length), survived);
            if (from < to && dice.chance(kept)) {
                System.arraycopy(bytes, from, found, from, to - from);
            }
        }
        return found;
    }

    boolean isSynced() {
        return dirty.isEmpty() && !lengthDirty;
    }

    private void makeRoom() {
        if (durable.length < length) {
            durable = Arrays.copyOf(durable, bytes.length);
        }
    }

    private void keep(int sector) {
        int from = sector * SECTOR_BYTES;
        int to = Math.min(from + SECTOR_BYTES, Math.min(bytes.length, durable.length));
        if (from < to) {
            System.arraycopy(bytes, from, durable, from, to - from);
        }
    }

    private static int sectors(int bytes) {
        return (bytes + SECTOR_BYTES - 1) / SECTOR_BYTES;
    }
}
