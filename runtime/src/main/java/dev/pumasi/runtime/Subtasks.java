package dev.pumasi.runtime;

import org.jspecify.annotations.Nullable;

/** The subtasks of one parent that run, or are about to: a list without nodes of its own. Belongs to the parent's loop. */
final class Subtasks {

    private @Nullable Subtask<?> first;
    private int size;

    int size() {
        return size;
    }

    void add(Subtask<?> subtask) {
        Subtask<?> head = first;
        subtask.next = head;
        if (head != null) {
            head.previous = subtask;
        }
        first = subtask;
        size++;
    }

    void remove(Subtask<?> subtask) {
        Subtask<?> before = subtask.previous;
        Subtask<?> after = subtask.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after != null) {
            after.previous = before;
        }
        subtask.previous = null;
        subtask.next = null;
        size--;
    }

    /** Asks all of them to end. */
    void tellAll(Failure why) {
        for (Subtask<?> subtask = first; subtask != null; subtask = subtask.next) {
            subtask.tell(why); // which interrupts; nothing ends, and leaves the list, inside this call
        }
    }
}
