/*
 * The yardstick: the cheapest honest HTTP/1.1 server we know how to write on io_uring, in C, without a library.
 *
 * One thread, one ring. A turn publishes the receive buffers that were returned, submits what was prepared and waits for
 * at least one completion in a single io_uring_enter, then handles all completions that are there.
 *
 * A connection's first receive is a single shot: a client that wants one answer and a close (`ab`) then costs accept,
 * receive, and a linked send and close, with nothing left to cancel. From the second on, a multishot receive is armed and
 * stays. A descriptor under a multishot receive cannot simply be closed, since the receive holds the file: it is shut
 * down first, which ends the receive, whose last completion closes it. So nothing ever completes for a reused descriptor
 * and no generation is needed.
 *
 * What it does: request line, header lines, `Connection`, keep-alive of 1.0 and 1.1, pipelining, a date renewed every
 * second, 404 for anything but GET /plaintext. What it will not do: request bodies, strictness, timeouts.
 *
 * Order towards the kernel: entries are written plainly and the submission tail is stored with release; the completion
 * tail is loaded with acquire, entries are read plainly and the completion head is stored with release.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef IORING_SETUP_NO_SQARRAY /* headers older than Linux 6.6 */
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#endif

enum { SUBMISSIONS = 4096, COMPLETIONS = 16384 };
enum { BUFFERS = 4096, BUFFER_BYTES = 2048, BUFFER_GROUP = 0 };
enum { CONNECTIONS_MAX = 65536, OUTPUT_BYTES = 16384, CARRY_BYTES_MAX = 65536, RESPONSE_BYTES_MAX = 256 };

enum operation { ACCEPT = 1, RECEIVE, SEND, SHUTDOWN, CLOSE };

struct connection {
    char *output;  /* from the pool while there is something to send, else NULL */
    char *carry;   /* input that waits for the rest of its request, or for room in the output */
    uint32_t output_length, carry_length;
    uint32_t in_flight;
    uint8_t receiving, ended, closing, close_linked;
};

struct request {
    int found, keep_alive, old_version, has_body;
};

static struct {
    int fd, registered;
    unsigned *sq_head, *sq_tail, *cq_head, *cq_tail;
    unsigned sq_mask, cq_mask, tail, submitted;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
} ring;

static struct io_uring_buf *buffer_ring; /* entry 0's last two bytes are the ring's tail */
static char *buffers;
static uint16_t buffers_tail;
static struct connection connections[CONNECTIONS_MAX];
static char *output_pool[CONNECTIONS_MAX];
static int output_pool_size, listener, accept_paused;
static char hello[RESPONSE_BYTES_MAX];
static int hello_length;
static char date[64];
static time_t date_second;

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* ---- ring ---- */

static void ring_open(void) {
    struct io_uring_params parameters;
    unsigned flags = IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    for (int old = 0; old < 2; old++) {
        memset(&parameters, 0, sizeof parameters);
        parameters.flags = flags | (old ? 0 : IORING_SETUP_NO_SQARRAY);
        parameters.cq_entries = COMPLETIONS;
        ring.fd = (int)syscall(SYS_io_uring_setup, SUBMISSIONS, &parameters);
        if (ring.fd >= 0 || errno != EINVAL) break;
    }
    if (ring.fd < 0) die("io_uring_setup (Linux 6.1 or newer, and kernel.io_uring_disabled = 0, are needed)");

    size_t sq_bytes = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
    size_t cq_bytes = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
    char *rings = mmap(NULL, sq_bytes > cq_bytes ? sq_bytes : cq_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                       ring.fd, IORING_OFF_SQ_RING);
    ring.sqes = mmap(NULL, parameters.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQES);
    if (rings == MAP_FAILED || ring.sqes == MAP_FAILED) die("mmap of the ring");
    ring.sq_head = (unsigned *)(rings + parameters.sq_off.head);
    ring.sq_tail = (unsigned *)(rings + parameters.sq_off.tail);
    ring.cq_head = (unsigned *)(rings + parameters.cq_off.head);
    ring.cq_tail = (unsigned *)(rings + parameters.cq_off.tail);
    ring.cqes = (struct io_uring_cqe *)(rings + parameters.cq_off.cqes);
    ring.sq_mask = parameters.sq_entries - 1;
    ring.cq_mask = parameters.cq_entries - 1;
    if (!(parameters.flags & IORING_SETUP_NO_SQARRAY)) {
        unsigned *array = (unsigned *)(rings + parameters.sq_off.array);
        for (unsigned i = 0; i < parameters.sq_entries; i++) array[i] = i;
    }

    struct io_uring_rsrc_update self = {.offset = -1U, .data = (uint64_t)ring.fd};
    ring.registered = syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &self, 1) == 1 ? (int)self.offset : -1;
}

static void ring_enter(unsigned wait) {
    __atomic_store_n(ring.sq_tail, ring.tail, __ATOMIC_RELEASE);
    int fd = ring.registered >= 0 ? ring.registered : ring.fd;
    unsigned flags = IORING_ENTER_GETEVENTS | (ring.registered >= 0 ? IORING_ENTER_REGISTERED_RING : 0);
    long entered = syscall(SYS_io_uring_enter, fd, ring.tail - ring.submitted, wait, flags, NULL, 0);
    if (entered > 0) ring.submitted += (unsigned)entered;
    else if (entered < 0 && errno != EINTR && errno != EAGAIN && errno != EBUSY) die("io_uring_enter");
}

/* Makes room for entries that must go into one submission because they are linked. */
static void ring_reserve(unsigned entries) {
    while (ring.tail - __atomic_load_n(ring.sq_head, __ATOMIC_ACQUIRE) + entries > ring.sq_mask + 1) ring_enter(0);
}

static struct io_uring_sqe *ring_entry(int opcode, enum operation operation, int fd) {
    ring_reserve(1);
    struct io_uring_sqe *entry = &ring.sqes[ring.tail++ & ring.sq_mask];
    memset(entry, 0, sizeof *entry);
    entry->opcode = (uint8_t)opcode;
    entry->fd = fd;
    entry->user_data = (uint64_t)operation << 32 | (uint32_t)fd;
    return entry;
}

/* ---- receive buffers ---- */

static void buffer_return(unsigned id) {
    struct io_uring_buf *slot = &buffer_ring[buffers_tail++ & (BUFFERS - 1)];
    slot->addr = (uint64_t)(uintptr_t)(buffers + (size_t)id * BUFFER_BYTES);
    slot->len = BUFFER_BYTES;
    slot->bid = (uint16_t)id;
}

static void buffers_publish(void) {
    __atomic_store_n(&buffer_ring[0].resv, buffers_tail, __ATOMIC_RELEASE);
}

static void buffers_open(void) {
    buffer_ring = mmap(NULL, BUFFERS * sizeof *buffer_ring, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    buffers = mmap(NULL, (size_t)BUFFERS * BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer_ring == MAP_FAILED || buffers == MAP_FAILED) die("mmap of the receive buffers");
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)buffer_ring, .ring_entries = BUFFERS, .bgid = BUFFER_GROUP};
    if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PBUF_RING, &registration, 1) < 0)
        die("io_uring_register of the receive buffers");
    for (unsigned id = 0; id < BUFFERS; id++) buffer_return(id);
    buffers_publish();
}

/* ---- what is sent ---- */

static void date_renew(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == date_second) return;
    date_second = now.tv_sec;
    struct tm parts;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&date_second, &parts));
    hello_length = snprintf(hello, sizeof hello,
                            "HTTP/1.1 200 OK\r\nServer: bare-c\r\nDate: %s\r\n"
                            "Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!", date);
}

static void respond(struct connection *connection, const struct request *request) {
    char *at = connection->output + connection->output_length;
    if (request->found && request->keep_alive && !request->old_version) {
        memcpy(at, hello, (size_t)hello_length);
        connection->output_length += (uint32_t)hello_length;
        return;
    }
    int length = snprintf(at, RESPONSE_BYTES_MAX,
                          "HTTP/1.1 %s\r\nServer: bare-c\r\nDate: %s\r\nContent-Type: text/plain\r\n"
                          "Content-Length: %d\r\nConnection: %s\r\n\r\n%s",
                          request->found ? "200 OK" : request->has_body ? "501 Not Implemented" : "404 Not Found", date,
                          request->found ? 13 : 0, request->keep_alive ? "keep-alive" : "close",
                          request->found ? "Hello, World!" : "");
    connection->output_length += (uint32_t)length;
}

static void receive(int fd, struct connection *connection, int multishot) {
    struct io_uring_sqe *entry = ring_entry(IORING_OP_RECV, RECEIVE, fd);
    entry->flags = IOSQE_BUFFER_SELECT;
    entry->ioprio = multishot ? IORING_RECV_MULTISHOT : 0;
    entry->buf_group = BUFFER_GROUP;
    connection->receiving = 1;
}

static void finish(int fd, struct connection *connection) {
    connection->closing = 1;
    if (connection->in_flight) return; /* its completion comes back here */
    if (connection->receiving) ring_entry(IORING_OP_SHUTDOWN, SHUTDOWN, fd)->len = SHUT_RDWR;
    else ring_entry(IORING_OP_CLOSE, CLOSE, fd);
}

static void flush(int fd, struct connection *connection) {
    if (connection->in_flight || connection->output_length == 0) return;
    int last = connection->closing && !connection->receiving;
    if (last) ring_reserve(2);
    struct io_uring_sqe *entry = ring_entry(IORING_OP_SEND, SEND, fd);
    entry->addr = (uint64_t)(uintptr_t)connection->output;
    entry->len = connection->output_length;
    entry->msg_flags = MSG_NOSIGNAL | (last ? MSG_WAITALL : 0); /* a short send would break the link */
    connection->in_flight = connection->output_length;
    if (last) {
        entry->flags = IOSQE_IO_LINK;
        connection->close_linked = 1;
        ring_entry(IORING_OP_CLOSE, CLOSE, fd);
    }
}

/* ---- what is received ---- */

static int has_word(const char *at, const char *end, const char *word) {
    size_t length = strlen(word);
    for (; at + length <= end; at++)
        if (strncasecmp(at, word, length) == 0) return 1;
    return 0;
}

/* The bytes of one complete request, or 0 if it has not all come yet. */
static size_t parse(const char *start, const char *end, struct request *request) {
    static const char wanted[] = "GET /plaintext HTTP/1.";
    const char *at = start, *line_end = memchr(at, '\n', (size_t)(end - at));
    if (!line_end) return 0;
    request->old_version = line_end - at >= 9 && memcmp(line_end - 9, "HTTP/1.0", 8) == 0;
    request->found = line_end - at == sizeof wanted - 1 + 2 && memcmp(at, wanted, sizeof wanted - 1) == 0;
    request->keep_alive = !request->old_version;
    request->has_body = 0;
    for (;;) {
        at = line_end + 1;
        line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end) return 0;
        size_t length = (size_t)(line_end - at);
        if (length == 0 || (length == 1 && *at == '\r')) break;
        char first = *at | 0x20;
        if (first == 'c' && length > 11 && strncasecmp(at, "connection:", 11) == 0) {
            if (has_word(at + 11, line_end, "close")) request->keep_alive = 0;
            else if (has_word(at + 11, line_end, "keep-alive")) request->keep_alive = 1;
        } else if ((first == 'c' && length > 15 && strncasecmp(at, "content-length:", 15) == 0)
                   || (first == 't' && length > 18 && strncasecmp(at, "transfer-encoding:", 18) == 0)) {
            request->has_body = 1;
        }
    }
    if (request->has_body) request->found = request->keep_alive = 0;
    return (size_t)(line_end + 1 - start);
}

/* Answers every complete request there is room for; the bytes consumed. */
static size_t serve(struct connection *connection, const char *start, const char *end) {
    const char *at = start;
    while (at < end && !connection->closing) {
        if (!connection->output)
            connection->output = output_pool_size ? output_pool[--output_pool_size] : malloc(OUTPUT_BYTES);
        if (OUTPUT_BYTES - connection->output_length < RESPONSE_BYTES_MAX) break;
        struct request request;
        size_t length = parse(at, end, &request);
        if (!length) break;
        respond(connection, &request);
        if (!request.keep_alive) connection->closing = 1;
        at += length;
    }
    return (size_t)(at - start);
}

static void release_output(struct connection *connection) {
    if (!connection->output || connection->output_length) return;
    output_pool[output_pool_size++] = connection->output;
    connection->output = NULL;
}

static void serve_carried(struct connection *connection) {
    size_t used = serve(connection, connection->carry, connection->carry + connection->carry_length);
    connection->carry_length -= (uint32_t)used;
    if (connection->carry_length) {
        memmove(connection->carry, connection->carry + used, connection->carry_length);
    } else {
        free(connection->carry);
        connection->carry = NULL;
    }
}

/* False if the client sent more than is kept for it. */
static int carry(struct connection *connection, const char *from, size_t length) {
    if (connection->carry_length + length > CARRY_BYTES_MAX) return 0;
    if (!connection->carry) connection->carry = malloc(CARRY_BYTES_MAX);
    memcpy(connection->carry + connection->carry_length, from, length);
    connection->carry_length += (uint32_t)length;
    return 1;
}

static void on_receive(int fd, int result, unsigned flags) {
    struct connection *connection = &connections[fd];
    if (!(flags & IORING_CQE_F_MORE)) connection->receiving = 0;
    if (result > 0) {
        unsigned id = flags >> IORING_CQE_BUFFER_SHIFT;
        const char *at = buffers + (size_t)id * BUFFER_BYTES;
        size_t length = (size_t)result;
        int fits = 1;
        if (connection->carry) {
            fits = carry(connection, at, length);
            if (fits) serve_carried(connection);
        } else if (!connection->closing) {
            size_t used = serve(connection, at, at + length);
            if (used < length && !connection->closing) fits = carry(connection, at + used, length - used);
        }
        buffer_return(id);
        if (!fits) connection->closing = 1;
    } else if (result == 0 && connection->in_flight) {
        connection->ended = 1; /* what it has asked for before is still answered */
    } else if (result != -ENOBUFS) {
        connection->closing = 1;
    }
    if (!connection->receiving && !connection->closing && !connection->ended) receive(fd, connection, 1);
    if (connection->closing && (connection->output_length == 0 || result <= 0)) finish(fd, connection);
    else flush(fd, connection);
    if (!connection->in_flight) release_output(connection);
}

static void on_send(int fd, int result) {
    struct connection *connection = &connections[fd];
    connection->in_flight = 0;
    if (connection->close_linked || result < 0) connection->output_length = 0;
    else connection->output_length -= (uint32_t)result;
    if (connection->close_linked) { /* its close comes next, done or cancelled */
        release_output(connection);
        return;
    }
    if (connection->output_length) memmove(connection->output, connection->output + result, connection->output_length);
    if (result < 0) connection->closing = 1;
    if (connection->carry && !connection->closing) serve_carried(connection);
    if ((connection->closing || connection->ended) && !connection->output_length) finish(fd, connection);
    else flush(fd, connection);
    if (!connection->in_flight) release_output(connection);
}

static void accept_more(void) {
    struct io_uring_sqe *entry = ring_entry(IORING_OP_ACCEPT, ACCEPT, listener);
    entry->ioprio = IORING_ACCEPT_MULTISHOT;
    entry->accept_flags = SOCK_CLOEXEC;
}

static void on_accept(int result, unsigned flags) {
    if (result >= CONNECTIONS_MAX) {
        close(result);
    } else if (result >= 0) {
        memset(&connections[result], 0, sizeof connections[result]);
        receive(result, &connections[result], 0);
    }
    if (flags & IORING_CQE_F_MORE) return;
    if (result == -EMFILE || result == -ENFILE) accept_paused = 1; /* until a descriptor is free again */
    else accept_more();
}

static void on_close(int fd, int result) {
    if (result == -ECANCELED) { /* its linked send failed or was short */
        ring_entry(IORING_OP_CLOSE, CLOSE, fd);
        return;
    }
    struct connection *connection = &connections[fd];
    free(connection->carry);
    connection->carry = NULL;
    connection->output_length = 0;
    release_output(connection);
    if (accept_paused) {
        accept_paused = 0;
        accept_more();
    }
}

static void complete(const struct io_uring_cqe *completion) {
    int fd = (int)(uint32_t)completion->user_data;
    switch ((enum operation)(completion->user_data >> 32)) {
    case RECEIVE: on_receive(fd, completion->res, completion->flags); break;
    case SEND: on_send(fd, completion->res); break;
    case ACCEPT: on_accept(completion->res, completion->flags); break;
    case CLOSE: on_close(fd, completion->res); break;
    case SHUTDOWN: break; /* the receive it ends closes the descriptor */
    }
}

static int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0) die("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_ANY)};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
    if (listen(fd, 4096) < 0) die("listen");
    return fd;
}

int main(int count, char **arguments) {
    int port = count == 2 ? atoi(arguments[1]) : 0;
    if (port <= 0 || port > 65535) {
        fprintf(stderr, "usage: %s PORT\n", arguments[0]);
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);

    listener = listen_on(port);
    ring_open();
    buffers_open();
    accept_more();
    for (;;) {
        buffers_publish();
        ring_enter(1);
        date_renew();
        unsigned head = *ring.cq_head, tail = __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE);
        for (; head != tail; head++) complete(&ring.cqes[head & ring.cq_mask]);
        __atomic_store_n(ring.cq_head, head, __ATOMIC_RELEASE);
    }
}
