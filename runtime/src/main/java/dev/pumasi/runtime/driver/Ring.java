package dev.pumasi.runtime.driver;

import dev.pumasi.runtime.memory.Buffer;
import dev.pumasi.runtime.memory.Memory;

/**
 * An io_uring instance: its two queues in shared memory, and the one system call that moves both ({@code io_uring(7)},
 * {@code io_uring_enter(2)}).
 *
 * <p>Orderings, as the kernel's header prescribes them: entries of the submission queue are written plain, then its tail
 * is stored with release, which the kernel's acquire load pairs with. The completion queue's tail is loaded with acquire,
 * pairing with the kernel's release, then its entries are read plain, then its head is stored with release to give their
 * places back. The submission queue's head is read plain and only as a hint that there is room: it moves inside {@code
 * enter}, on this very thread.
 *
 * <p>Belongs to the thread that made it; the kernel refuses others ({@code SINGLE_ISSUER}).
 */
final class Ring {

    /** Operation codes ({@code enum io_uring_op}). */
    static final int IORING_OP_NOP = 0;

    static final int IORING_OP_READV = 1;
    static final int IORING_OP_WRITEV = 2;
    static final int IORING_OP_FSYNC = 3;
    static final int IORING_OP_POLL_ADD = 6;
    static final int IORING_OP_SENDMSG = 9;
    static final int IORING_OP_RECVMSG = 10;
    static final int IORING_OP_ACCEPT = 13;
    static final int IORING_OP_ASYNC_CANCEL = 14;
    static final int IORING_OP_CONNECT = 16;
    static final int IORING_OP_FALLOCATE = 17;
    static final int IORING_OP_OPENAT = 18;
    static final int IORING_OP_CLOSE = 19;
    static final int IORING_OP_STATX = 21;
    static final int IORING_OP_READ = 22;
    static final int IORING_OP_WRITE = 23;
    static final int IORING_OP_SEND = 26;
    static final int IORING_OP_RECV = 27;
    static final int IORING_OP_OPENAT2 = 28;
    static final int IORING_OP_RENAMEAT = 35;
    static final int IORING_OP_UNLINKAT = 36;
    static final int IORING_OP_MKDIRAT = 37;
    /** Since Linux 6.9. */
    static final int IORING_OP_FTRUNCATE = 55;

    /** Flags of an entry: the next one waits for this one, and is not done if this one fails or falls short. */
    static final int IOSQE_IO_LINK = 1 << 2;

    /** Flags of an entry: the receive takes a provided buffer. */
    static final int IOSQE_BUFFER_SELECT = 1 << 5;

    /** The token of an entry whose end nobody waits for. */
    static final long NOBODY = 0;

    /** Flags of a cancellation: everything there is. */
    static final int IORING_ASYNC_CANCEL_ALL_ANY = 1 | 1 << 2;

    static final int IORING_CQE_F_BUFFER = 1;
    static final int IORING_CQE_F_MORE = 1 << 1;

    private static final int IORING_SETUP_CQSIZE = 1 << 3;
    private static final int IORING_SETUP_SUBMIT_ALL = 1 << 7;
    private static final int IORING_SETUP_SINGLE_ISSUER = 1 << 12;
    private static final int IORING_SETUP_DEFER_TASKRUN = 1 << 13;
    private static final int IORING_SETUP_NO_SQARRAY = 1 << 16;

    private static final int IORING_ENTER_GETEVENTS = 1;
    private static final int IORING_ENTER_EXT_ARG = 1 << 3;
    private static final int IORING_ENTER_REGISTERED_RING = 1 << 4;

    private static final int IORING_FEAT_SINGLE_MMAP = 1;
    private static final int IORING_FEAT_NODROP = 1 << 1;
    private static final int IORING_FEAT_EXT_ARG = 1 << 8;
    private static final int FEATURES_NEEDED = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;

    private static final int IORING_REGISTER_PROBE = 8;
    private static final int IO_URING_OP_SUPPORTED = 1;
    private static final int PROBE_HEADER_BYTES = 16;
    private static final int PROBE_ENTRY_BYTES = 8;
    private static final int PROBE_ENTRIES = 64;

    private static final int IORING_REGISTER_RING_FDS = 20;
    private static final int IORING_UNREGISTER_RING_FDS = 21;

    private static final int PARAMS_BYTES = 120;
    private static final int SQE_BYTES = 64;
    private static final int CQE_BYTES = 16;
    private static final long SQES_OFFSET = 0x10000000L;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x8001;

    /** What a ring that could not be made answers: the negated errno and what was tried. */
    static final class RefusedException extends Exception {

        private static final long serialVersionUID = 1L;

        final int error;

        RefusedException(String attempt, long error) {
            super(attempt + " failed with error " + -error);
            this.error = (int) error;
        }
    }

    private final Libc libc;
    private final int descriptor;
    private final int enterDescriptor;
    private final int enterFlags;
    private final long rings;
    private final long ringsBytes;
    private final long entries;
    private final int entriesCount;
    private final int entriesMask;
    private final long submissionHead;
    private final long submissionTail;
    private final long completionHead;
    private final long completionTail;
    private final long completionEntries;
    private final int completionMask;

    /** {@code io_uring_getevents_arg} and the {@code timespec} it points to. */
    private final long waitArgument;

    private int tail;
    private int submitted;
    private int head;

    /** Entries with a token that have not come back for the last time. */
    private int inProgress;

    /**
     * @param submissions places in the submission queue, a power of two
     * @param completions places in the completion queue, a power of two
     */
    Ring(Libc libc, int submissions, int completions) throws RefusedException {
        this.libc = libc;
        long params = Memory.allocateForever(PARAMS_BYTES, Long.BYTES);
        int flags = IORING_SETUP_CQSIZE
                | IORING_SETUP_SUBMIT_ALL
                | IORING_SETUP_SINGLE_ISSUER
                | IORING_SETUP_DEFER_TASKRUN
                | IORING_SETUP_NO_SQARRAY;
        long made = setUp(params, submissions, completions, flags);
        if (made == -Errno.EINVAL) {
            // Before Linux 6.6 the queue has an index array, which is filled once and forgotten.
            flags &= ~IORING_SETUP_NO_SQARRAY;
            made = setUp(params, submissions, completions, flags);
        }
        if (made < 0) {
            throw new RefusedException("io_uring_setup", made);
        }
        descriptor = (int) made;
        if ((Memory.getInt(params + 20) & FEATURES_NEEDED) != FEATURES_NEEDED) {
            libc.call(SystemCall.CLOSE, descriptor);
            throw new RefusedException("io_uring_setup without needed features", -Errno.ENOSYS);
        }
        entriesCount = Memory.getInt(params);
        int completionsCount = Memory.getInt(params + 4);
        long sq = params + 40;
        long cq = params + 80;
        long cqesEnd = Integer.toUnsignedLong(Memory.getInt(cq + 20)) + (long) completionsCount * CQE_BYTES;
        boolean indexed = (flags & IORING_SETUP_NO_SQARRAY) == 0;
        long arrayEnd = indexed ? Memory.getInt(sq + 24) + (long) entriesCount * Integer.BYTES : 0;
        ringsBytes = Math.max(cqesEnd, arrayEnd);
        rings = map(ringsBytes, 0);
        entries = map((long) entriesCount * SQE_BYTES, SQES_OFFSET);
        submissionHead = rings + Memory.getInt(sq);
        submissionTail = rings + Memory.getInt(sq + 4);
        entriesMask = Memory.getInt(rings + Memory.getInt(sq + 8));
        completionHead = rings + Memory.getInt(cq);
        completionTail = rings + Memory.getInt(cq + 4);
        completionMask = Memory.getInt(rings + Memory.getInt(cq + 8));
        completionEntries = rings + Memory.getInt(cq + 20);
        if (indexed) {
            long array = rings + Memory.getInt(sq + 24);
            for (int i = 0; i < entriesCount; i++) {
                Memory.putInt(array + (long) i * Integer.BYTES, i);
            }
        }
        waitArgument = Memory.allocateForever(24 + 16, Long.BYTES);
        Memory.putLong(waitArgument + 16, waitArgument + 24);

        // The registered descriptor saves the kernel a look-up in each call; without it the plain one serves.
        long update = Memory.allocateForever(16, Long.BYTES);
        Memory.putInt(update, -1);
        Memory.putLong(update + 8, descriptor);
        boolean registered = register(IORING_REGISTER_RING_FDS, update, 1) == 1;
        enterDescriptor = registered ? Memory.getInt(update) : descriptor;
        enterFlags = registered ? IORING_ENTER_REGISTERED_RING : 0;
    }

    /**
     * The next free entry, filled. It is written as whole words, so that nothing of its
     * last use remains.
     *
     * @param head opcode, flags, priority and descriptor, from {@link #head}
     */
    void prepare(long head, long offset, long address, int length, int operationFlags, long userData) {
        if (tail - Memory.getInt(submissionHead) >= entriesCount) {
            submit();
        }
        if (userData != NOBODY) {
            inProgress++;
        }
        long entry = entries + (long) (tail++ & entriesMask) * SQE_BYTES;
        Memory.putLong(entry, head);
        Memory.putLong(entry + 8, offset);
        Memory.putLong(entry + 16, address);
        Memory.putLong(entry + 24, Integer.toUnsignedLong(length) | (long) operationFlags << 32);
        Memory.putLong(entry + 32, userData);
        Memory.putLong(entry + 40, 0); // buf_group, personality, file_index
        Memory.putLong(entry + 48, 0);
        Memory.putLong(entry + 56, 0);
    }

    /** The first word of an entry: {@code opcode:8 flags:8 ioprio:16 fd:32}. */
    static long head(int opcode, int flags, int priority, int descriptor) {
        return opcode | (long) flags << 8 | (long) priority << 16 | (long) descriptor << 32;
    }

    /**
     * Submits what was prepared, runs the kernel's deferred work, and waits.
     *
     * @param waitNanos until at least one completion is there or this time is over; 0 not at all
     * @return 0, or a negated errno that is not about waiting
     */
    int enter(long waitNanos) {
        Memory.putIntRelease(submissionTail, tail);
        int flags = enterFlags | IORING_ENTER_GETEVENTS;
        int atLeast = 0;
        long argument = 0;
        long argumentBytes = 0;
        if (waitNanos > 0 && !hasCompletion()) {
            atLeast = 1;
            if (waitNanos != Driver.FOREVER) {
                Memory.putLong(waitArgument + 24, waitNanos / 1_000_000_000);
                Memory.putLong(waitArgument + 32, waitNanos % 1_000_000_000);
                flags |= IORING_ENTER_EXT_ARG;
                argument = waitArgument;
                argumentBytes = 24;
            }
        }
        return count(libc.call(
                SystemCall.IO_URING_ENTER, enterDescriptor, tail - submitted, atLeast, flags, argument, argumentBytes));
    }

    /** Makes room for that many entries that must be submitted together. */
    void reserve(int count) {
        if (tail - Memory.getInt(submissionHead) + count > entriesCount) {
            submit();
        }
    }

    /** Whether the kernel has this operation. */
    boolean knows(int operation) {
        Buffer probe = Buffer.allocate(PROBE_HEADER_BYTES + PROBE_ENTRIES * PROBE_ENTRY_BYTES);
        long answer = register(IORING_REGISTER_PROBE, probe.address(), PROBE_ENTRIES);
        int flags = probe.getShort(PROBE_HEADER_BYTES + operation * PROBE_ENTRY_BYTES + 2);
        return answer >= 0 && (flags & IO_URING_OP_SUPPORTED) != 0;
    }

    boolean hasCompletion() {
        return Memory.getIntAcquire(completionTail) != head;
    }

    /** How many completions are there now. */
    int completions() {
        return Memory.getIntAcquire(completionTail) - head;
    }

    /** The address of the {@code index}-th completion: user_data:64 res:32 flags:32. */
    long completion(int index) {
        return completionEntries + (long) (head + index & completionMask) * CQE_BYTES;
    }

    static long token(long completion) {
        return Memory.getLong(completion);
    }

    static int result(long completion) {
        return Memory.getInt(completion + 8);
    }

    /** Whether its entry is over, and was one with a token. */
    static boolean ends(long completion) {
        return (Memory.getInt(completion + 12) & IORING_CQE_F_MORE) == 0 && Memory.getLong(completion) != NOBODY;
    }

    /** How many entries with a token have not come back for the last time. */
    int inProgress() {
        return inProgress;
    }

    /** Gives the places of {@code count} completions back, with which {@code ended} entries are over. */
    void consumed(int count, int ended) {
        inProgress -= ended;
        head += count;
        Memory.putIntRelease(completionHead, head);
    }

    long register(int operation, long argument, int count) {
        return libc.call(SystemCall.IO_URING_REGISTER, descriptor, operation, argument, count);
    }

    void close() {
        if (enterFlags != 0) {
            long update = Memory.allocateForever(16, Long.BYTES);
            Memory.putInt(update, enterDescriptor);
            register(IORING_UNREGISTER_RING_FDS, update, 1);
        }
        libc.call(SystemCall.MUNMAP, rings, ringsBytes);
        libc.call(SystemCall.MUNMAP, entries, (long) entriesCount * SQE_BYTES);
        libc.call(SystemCall.CLOSE, descriptor);
    }

    /** Hands over what was prepared, without gathering, so that completions stay where they are. */
    void submit() {
        Memory.putIntRelease(submissionTail, tail);
        count(libc.call(SystemCall.IO_URING_ENTER, enterDescriptor, tail - submitted, 0, enterFlags, 0, 0));
    }

    private int count(long result) {
        if (result >= 0) {
            submitted += (int) result;
            return 0;
        }
        return switch ((int) -result) {
            // A signal, the end of the wait, no memory just now, completions that must be gathered first: the next
            // turn tries again.
            case Errno.EINTR, Errno.ETIME, Errno.EAGAIN, Errno.EBUSY -> 0;
            default -> (int) result;
        };
    }

    private long setUp(long params, int submissions, int completions, int flags) {
        Memory.fill(params, PARAMS_BYTES, (byte) 0);
        Memory.putInt(params + 4, completions);
        Memory.putInt(params + 8, flags);
        return libc.call(SystemCall.IO_URING_SETUP, submissions, params);
    }

    private long map(long bytes, long offset) throws RefusedException {
        long address = libc.call(SystemCall.MMAP, 0, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, descriptor, offset);
        if (address < 0 && address > -4096) {
            libc.call(SystemCall.CLOSE, descriptor);
            throw new RefusedException("mmap of the ring", address);
        }
        return address;
    }
}
