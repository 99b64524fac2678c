package dev.pumasi.runtime.driver;

import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The numbers of the system calls on both processors, compared with the kernel's: {@code
 * include/uapi/asm-generic/unistd.h} for aarch64 and {@code arch/x86/entry/syscalls/syscall_64.tbl} for x86-64,
 * copied by hand into the tables below. A call that {@link SystemCall} has and the tables lack fails the tests, too.
 */
final class SystemCallTest {

    private static final Map<String, String> GENERIC = Map.ofEntries(
            entry("EVENTFD2", "19"),
            entry("EPOLL_CREATE1", "20"),
            entry("EPOLL_CTL", "21"),
            entry("EPOLL_PWAIT", "22"),
            entry("FCNTL", "25"),
            entry("MKDIRAT", "34"),
            entry("UNLINKAT", "35"),
            entry("FTRUNCATE", "46"),
            entry("FALLOCATE", "47"),
            entry("OPENAT", "56"),
            entry("CLOSE", "57"),
            entry("GETDENTS64", "61"),
            entry("PIPE2", "59"),
            entry("WAITID", "95"),
            entry("KILL", "129"),
            entry("PRLIMIT64", "261"),
            entry("PIDFD_SEND_SIGNAL", "424"),
            entry("PIDFD_OPEN", "434"),
            entry("READ", "63"),
            entry("WRITE", "64"),
            entry("READV", "65"),
            entry("WRITEV", "66"),
            entry("PREAD64", "67"),
            entry("PWRITE64", "68"),
            entry("PREADV", "69"),
            entry("PWRITEV", "70"),
            entry("STATFS", "43"),
            entry("FSTATFS", "44"),
            entry("SENDFILE", "71"),
            entry("PSELECT6", "72"),
            entry("PPOLL", "73"),
            entry("FSYNC", "82"),
            entry("FDATASYNC", "83"),
            entry("SOCKET", "198"),
            entry("SOCKETPAIR", "199"),
            entry("BIND", "200"),
            entry("LISTEN", "201"),
            entry("CONNECT", "203"),
            entry("GETSOCKNAME", "204"),
            entry("GETPEERNAME", "205"),
            entry("SENDTO", "206"),
            entry("RECVFROM", "207"),
            entry("SETSOCKOPT", "208"),
            entry("GETSOCKOPT", "209"),
            entry("SHUTDOWN", "210"),
            entry("SENDMSG", "211"),
            entry("RECVMSG", "212"),
            entry("MUNMAP", "215"),
            entry("MMAP", "222"),
            entry("ACCEPT4", "242"),
            entry("RENAMEAT2", "276"),
            entry("STATX", "291"),
            entry("IO_URING_SETUP", "425"),
            entry("IO_URING_ENTER", "426"),
            entry("IO_URING_REGISTER", "427"),
            entry("OPENAT2", "437"),
            entry("EPOLL_PWAIT2", "441"),
            entry("CACHESTAT", "451"));

    private static final Map<String, String> X86_64 = Map.ofEntries(
            entry("READ", "0"),
            entry("WRITE", "1"),
            entry("CLOSE", "3"),
            entry("MMAP", "9"),
            entry("MUNMAP", "11"),
            entry("PREAD64", "17"),
            entry("PWRITE64", "18"),
            entry("READV", "19"),
            entry("WRITEV", "20"),
            entry("KILL", "62"),
            entry("WAITID", "247"),
            entry("PIPE2", "293"),
            entry("PRLIMIT64", "302"),
            entry("PIDFD_SEND_SIGNAL", "424"),
            entry("PIDFD_OPEN", "434"),
            entry("STATFS", "137"),
            entry("FSTATFS", "138"),
            entry("SENDFILE", "40"),
            entry("SOCKET", "41"),
            entry("SOCKETPAIR", "53"),
            entry("CONNECT", "42"),
            entry("SENDTO", "44"),
            entry("RECVFROM", "45"),
            entry("SENDMSG", "46"),
            entry("RECVMSG", "47"),
            entry("SHUTDOWN", "48"),
            entry("BIND", "49"),
            entry("LISTEN", "50"),
            entry("GETSOCKNAME", "51"),
            entry("GETPEERNAME", "52"),
            entry("SETSOCKOPT", "54"),
            entry("GETSOCKOPT", "55"),
            entry("FCNTL", "72"),
            entry("FSYNC", "74"),
            entry("FDATASYNC", "75"),
            entry("FTRUNCATE", "77"),
            entry("GETDENTS64", "217"),
            entry("EPOLL_CTL", "233"),
            entry("OPENAT", "257"),
            entry("MKDIRAT", "258"),
            entry("UNLINKAT", "263"),
            entry("PSELECT6", "270"),
            entry("PPOLL", "271"),
            entry("EPOLL_PWAIT", "281"),
            entry("FALLOCATE", "285"),
            entry("ACCEPT4", "288"),
            entry("EVENTFD2", "290"),
            entry("EPOLL_CREATE1", "291"),
            entry("PREADV", "295"),
            entry("PWRITEV", "296"),
            entry("RENAMEAT2", "316"),
            entry("STATX", "332"),
            entry("IO_URING_SETUP", "425"),
            entry("IO_URING_ENTER", "426"),
            entry("IO_URING_REGISTER", "427"),
            entry("OPENAT2", "437"),
            entry("EPOLL_PWAIT2", "441"),
            entry("CACHESTAT", "451"));

    @BeforeAll
    static void onlyLinuxHasThem() {
        Assumptions.assumeTrue(System.getProperty("os.name").equals("Linux"), "not tested here: not Linux");
    }

    @Test
    void aarch64HasTheGenericNumbers() throws Exception {
        assertProbe("aarch64", "true", "false", GENERIC);
    }

    @Test
    void x8664HasItsOwnNumbersAndPacksEpollEvents() throws Exception {
        assertProbe("amd64", "true", "true", X86_64);
    }

    /** No wrong number is ever used where there is no table: the drivers that need one say that they do not work. */
    @Test
    void otherProcessorsAreNotSupported() throws Exception {
        assertEquals("false", probe("riscv64").get("supported"));
    }

    private static void assertProbe(String architecture, String supported, String packed, Map<String, String> expected)
            throws Exception {
        Map<String, String> answers = probe(architecture);
        assertEquals(supported, answers.remove("supported"));
        assertEquals(packed, answers.remove("packed"));
        assertEquals(expected, answers);
    }

    private static Map<String, String> probe(String architecture) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dos.arch=" + architecture,
                        "-cp",
                        System.getProperty("java.class.path"),
                        SystemCallProbe.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Map<String, String> answers = new HashMap<>();
        try (var lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int space = line.indexOf(' ');
                answers.put(line.substring(0, space), line.substring(space + 1));
            }
        }
        assertEquals(0, process.waitFor(), "exit status of the probe for " + architecture);
        return answers;
    }
}
