package dev.pumasi.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pumasi.runtime.driver.Errno;
import java.lang.reflect.Field;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What went wrong, in words. */
final class FailureTest {

    private static final Map<Integer, Failure> OF_FILES = Map.ofEntries(
            Map.entry(Errno.ENOSPC, Failure.DISK_FULL),
            Map.entry(Errno.EDQUOT, Failure.QUOTA_EXCEEDED),
            Map.entry(Errno.EIO, Failure.IO),
            Map.entry(Errno.EFBIG, Failure.FILE_TOO_LARGE),
            Map.entry(Errno.EROFS, Failure.READ_ONLY),
            Map.entry(Errno.EISDIR, Failure.IS_A_FOLDER),
            Map.entry(Errno.ENOTDIR, Failure.NOT_A_FOLDER),
            Map.entry(Errno.ENOTEMPTY, Failure.FOLDER_NOT_EMPTY),
            Map.entry(Errno.EEXIST, Failure.ALREADY_EXISTS),
            Map.entry(Errno.ELOOP, Failure.TOO_MANY_LINKS),
            Map.entry(Errno.EXDEV, Failure.OUTSIDE),
            Map.entry(Errno.EMFILE, Failure.TOO_MANY_DESCRIPTORS),
            Map.entry(Errno.ENOENT, Failure.NOT_FOUND),
            Map.entry(Errno.EACCES, Failure.PERMISSION_DENIED),
            Map.entry(Errno.ENAMETOOLONG, Failure.NAME_TOO_LONG),
            Map.entry(Errno.ETXTBSY, Failure.IN_USE),
            Map.entry(Errno.EINVAL, Failure.INVALID),
            Map.entry(Errno.EAGAIN, Failure.REJECTED));

    /** What no caller meets, or what has no better name than its number. */
    private static final Set<String> UNNAMED = Set.of(
            "EINTR", "EFAULT", "EIO", "EALREADY", "EINPROGRESS", "EISCONN", "ENOTSOCK", "EPROTO", "ETIME", "EOVERFLOW");

    @Test
    void theErrorsOfFilesHaveNamesOfTheirOwn() {
        OF_FILES.forEach((error, failure) -> assertEquals(failure, Failure.of(-error), () -> "error " + error));
    }

    @Test
    void anAddressThatIsTakenIsNoFileThatIsThere() {
        assertNotEquals(Failure.of(-Errno.EADDRINUSE), Failure.of(-Errno.EEXIST));
    }

    @Test
    void eachHasACauseAndARemedy() {
        for (Failure failure : Failure.values()) {
            assertTrue(failure.cause().length() > 5, failure.name());
            assertTrue(failure.remedy().length() > 5, failure.name());
        }
    }

    /** An error that is added to {@link Errno} must get a name, or be listed here as one that needs none. */
    @Test
    void noErrorIsForgotten() throws Exception {
        Set<String> forgotten = new TreeSet<>();
        for (Field field : Errno.class.getFields()) {
            if (Failure.of(-field.getInt(null)) == Failure.IO && !UNNAMED.contains(field.getName())) {
                forgotten.add(field.getName());
            }
        }
        assertEquals(Set.of(), forgotten);
    }
}
