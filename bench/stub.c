/* An OpenAI-compatible upstream that knows the truth.
 *
 * One thread, epoll, absolute due times, every event a write of its own. It remembers,
 * per answer, when the request had arrived and when each event was written, all on
 * CLOCK_MONOTONIC, and hands that out at GET /log. The answer's `id` is `stub-NUMBER`,
 * so that a client's row can be laid beside the truth.
 *
 *     stub [--ttft MS] [--gap MS] [--tokens N] [--cert FILE --key FILE]
 *
 * It prints the port that it chose. The model's name may say otherwise for one call:
 * `stub/TTFT/GAP/TOKENS`, such as `stub/200/20/64`. With no gap at all the open streams
 * take turns, an event each. Ends with SIGTERM, or with its parent.
 *
 * An event's time is taken just before its write, so a client's stamp can never be
 * earlier, and what it is later includes our system call and its own. A request's time
 * is the kernel's: when we get round to reading it must not count as the client's error.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif

enum { READ = 65536, EVENT = 512, READY = 256, TURNS = 256 };

typedef struct {
    char *data;
    size_t n, room;
} buffer;

typedef struct {
    double ttft_ms, gap_ms;
    int64_t tokens;
} timing;

typedef struct conn {
    int fd, place; /* place: in the heap, -1 when nothing is due */
    int streamed, usage, last;
    buffer in, out;
    int64_t id, arrived_ns, due_ns, gap_ns, tokens, written;
    int64_t *times_ns;
    size_t times_room;
#ifdef WITH_TLS
    SSL *tls;
#endif
} conn;

static timing defaults = {0, 0, 128};
static buffer truth; /* records of int64: id, arrived, n, then n times */
static int64_t next_id = 1;
static int poller;
static conn **heap;
static int heap_n, heap_room;
#ifdef WITH_TLS
static SSL_CTX *tls_context;
#endif

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void *grown(void *old, size_t bytes) {
    void *data = realloc(old, bytes);
    if (!data) die("no memory");
    return data;
}

static void append(buffer *b, const void *data, size_t n) {
    if (b->n + n > b->room) {
        b->room = (b->n + n) * 2;
        b->data = grown(b->data, b->room);
    }
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

static void drop_front(buffer *b, size_t n) {
    memmove(b->data, b->data + n, b->n - n);
    b->n -= n;
}

static int64_t clock_ns(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

/* ---- what is due: a binary heap by time ------------------------------------------ */

static void put(conn *c, int place) {
    heap[place] = c;
    c->place = place;
}

static void settle(conn *c, int at) {
    while (at > 0 && heap[(at - 1) / 2]->due_ns > c->due_ns) {
        put(heap[(at - 1) / 2], at);
        at = (at - 1) / 2;
    }
    for (int child; (child = 2 * at + 1) < heap_n; at = child) {
        if (child + 1 < heap_n && heap[child + 1]->due_ns < heap[child]->due_ns) child++;
        if (heap[child]->due_ns >= c->due_ns) break;
        put(heap[child], at);
    }
    put(c, at);
}

static void schedule(conn *c, int64_t due_ns) {
    c->due_ns = due_ns;
    if (c->place < 0) {
        if (heap_n == heap_room) {
            heap_room = heap_room ? heap_room * 2 : 1024;
            heap = grown(heap, heap_room * sizeof *heap);
        }
        heap[heap_n] = c;
        c->place = heap_n++;
    }
    settle(c, c->place);
}

static void unschedule(conn *c) {
    if (c->place < 0) return;
    int at = c->place;
    conn *moved = heap[--heap_n];
    c->place = -1;
    if (moved != c) settle(moved, at);
}

/* ---- bytes out ------------------------------------------------------------------- */

static void watch(conn *c, int op) {
    struct epoll_event e = {.events = EPOLLIN | (c->out.n ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(poller, op, c->fd, &e);
}

static void transmit(conn *c, const char *data, size_t n) {
    if (!c->out.n) {
        ssize_t sent = send(c->fd, data, n, MSG_NOSIGNAL);
        if (sent == (ssize_t)n) return;
        if (sent < 0) sent = 0; /* a dead peer is noticed by the read */
        data += sent;
        n -= sent;
        append(&c->out, data, n);
        watch(c, EPOLL_CTL_MOD);
        return;
    }
    append(&c->out, data, n);
}

static void drain(conn *c) {
    ssize_t sent = send(c->fd, c->out.data, c->out.n, MSG_NOSIGNAL);
    if (sent > 0) drop_front(&c->out, sent);
    if (!c->out.n) watch(c, EPOLL_CTL_MOD);
}

#ifdef WITH_TLS
static void flush_tls(conn *c) {
    char sealed[READ];
    int n;
    while ((n = BIO_read(SSL_get_wbio(c->tls), sealed, sizeof sealed)) > 0)
        transmit(c, sealed, n);
}
#endif

static void say(conn *c, const char *data, size_t n) {
#ifdef WITH_TLS
    if (c->tls) {
        SSL_write(c->tls, data, n);
        flush_tls(c);
        return;
    }
#endif
    transmit(c, data, n);
}

static void say_all(conn *c, const char *status, const char *type, const char *data,
                    size_t n) {
    char head[EVENT];
    int m = snprintf(head, sizeof head,
                     "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                     status, type, n);
    buffer whole = {0};
    append(&whole, head, m);
    append(&whole, data, n);
    say(c, whole.data, whole.n);
    free(whole.data);
}

/* ---- answers --------------------------------------------------------------------- */

static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

static void remember(conn *c) {
    int64_t record[3] = {c->id, c->arrived_ns, c->written};
    append(&truth, record, sizeof record);
    append(&truth, c->times_ns, c->written * sizeof *c->times_ns);
}

static int chunk(char *out, const char *text, int n) {
    int m = sprintf(out, "%x\r\n", n);
    memcpy(out + m, text, n);
    memcpy(out + m + n, "\r\n", 2);
    return m + n + 2;
}

static void stamp(conn *c) { c->times_ns[c->written++] = now_ns(); }

static void say_event(conn *c) {
    char text[EVENT], out[EVENT + 16];
    int last = c->written + 1 == c->tokens;
    int n = snprintf(text, sizeof text,
                     "data: {\"id\":\"stub-%lld\",\"object\":\"chat.completion.chunk\","
                     "\"created\":1700000000,\"model\":\"stub\",\"choices\":[{\"index\":0,"
                     "\"delta\":{%s\"content\":\" w%lld\"},\"finish_reason\":%s}]}\n\n",
                     (long long)c->id, c->written ? "" : "\"role\":\"assistant\",",
                     (long long)(c->id + c->written) % 100000, last ? "\"stop\"" : "null");
    n = chunk(out, text, n);
    stamp(c);
    say(c, out, n);
}

static void say_tail(conn *c) {
    char text[EVENT], out[EVENT + 32];
    int n = 0;
    if (c->usage)
        n = snprintf(text, sizeof text,
                     "data: {\"id\":\"stub-%lld\",\"object\":\"chat.completion.chunk\","
                     "\"created\":1700000000,\"model\":\"stub\",\"choices\":[],\"usage\":"
                     "{\"prompt_tokens\":8,\"completion_tokens\":%lld,\"total_tokens\":%lld"
                     "}}\n\n",
                     (long long)c->id, (long long)c->tokens, (long long)c->tokens + 8);
    n += sprintf(text + n, "data: [DONE]\n\n");
    n = chunk(out, text, n);
    n += sprintf(out + n, "0\r\n\r\n");
    say(c, out, n);
}

static void say_document(conn *c) {
    char text[EVENT];
    int n = snprintf(text, sizeof text,
                     "{\"id\":\"stub-%lld\",\"object\":\"chat.completion\",\"created\":"
                     "1700000000,\"model\":\"stub\",\"choices\":[{\"index\":0,\"message\":{"
                     "\"role\":\"assistant\",\"content\":\"An answer.\"},\"finish_reason\":"
                     "\"stop\"}],\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":%lld,"
                     "\"total_tokens\":%lld}}",
                     (long long)c->id, (long long)c->tokens, (long long)c->tokens + 8);
    stamp(c);
    say_all(c, "200 OK", "application/json", text, n);
}

static void take_requests(conn *c);

static void finish(conn *c) {
    unschedule(c);
    remember(c);
    c->id = 0;
    take_requests(c);
}

/* What is due of one answer: an event, or the whole of an unstreamed one. */
static void turn(conn *c) {
    if (!c->streamed) {
        say_document(c);
        return finish(c);
    }
    say_event(c);
    if (c->written == c->tokens) {
        say_tail(c);
        return finish(c);
    }
    schedule(c, c->gap_ns ? c->due_ns + c->gap_ns : now_ns());
}

/* ---- requests -------------------------------------------------------------------- */

static int is_true(const char *body, const char *name) {
    const char *at = strstr(body, name);
    if (!at) return 0;
    at = strchr(at, ':');
    while (at && (*++at == ' '))
        ;
    return at && !strncmp(at, "true", 4);
}

static void answer(conn *c, const char *body) {
    timing t = defaults;
    const char *model = strstr(body, "stub/");
    if (model) {
        long long tokens = t.tokens;
        sscanf(model, "stub/%lf/%lf/%lld", &t.ttft_ms, &t.gap_ms, &tokens);
        t.tokens = tokens;
    }
    c->id = next_id++;
    c->streamed = is_true(body, "\"stream\"");
    c->usage = is_true(body, "\"include_usage\"");
    c->tokens = t.tokens < 1 ? 1 : t.tokens;
    c->gap_ns = t.gap_ms * 1e6;
    c->written = 0;
    if ((size_t)c->tokens > c->times_room) {
        c->times_room = c->tokens;
        c->times_ns = grown(c->times_ns, c->times_room * sizeof *c->times_ns);
    }
    int64_t wait_ns = t.ttft_ms * 1e6;
    if (c->streamed)
        say(c, STREAM_HEAD, sizeof STREAM_HEAD - 1);
    else
        wait_ns += c->gap_ns * (c->tokens - 1);
    schedule(c, c->arrived_ns + wait_ns);
}

static void hand_out_truth(conn *c) {
    say_all(c, "200 OK", "application/octet-stream", truth.data, truth.n);
    truth.n = 0;
}

static const char MODELS[] =
    "{\"object\":\"list\",\"data\":[{\"id\":\"stub\",\"object\":\"model\"}]}";
static const char UNKNOWN[] = "{\"error\":{\"message\":\"no such path\",\"code\":404}}";

static void route(conn *c, const char *head, const char *body) {
    char method[8] = "", path[256] = "";
    sscanf(head, "%7s %255s", method, path);
    if (!strcmp(method, "POST") && strstr(path, "/chat/completions"))
        answer(c, body);
    else if (!strcmp(path, "/log"))
        hand_out_truth(c);
    else if (strstr(path, "/models") || !strcmp(path, "/health"))
        say_all(c, "200 OK", "application/json", MODELS, sizeof MODELS - 1);
    else
        say_all(c, "404 Not Found", "application/json", UNKNOWN, sizeof UNKNOWN - 1);
}

static size_t length_of(const char *head) {
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* Begin with every request that is whole, one at a time. */
static void take_requests(conn *c) {
    while (!c->id && c->in.n) {
        append(&c->in, "", 1); /* a string, for as long as we look at it */
        c->in.n--;
        char *end = strstr(c->in.data, "\r\n\r\n");
        if (!end) return;
        *end = '\0';
        size_t head = end - c->in.data + 4, whole = head + length_of(c->in.data);
        if (c->in.n < whole) {
            *end = '\r';
            return;
        }
        char after = c->in.data[whole];
        c->in.data[whole] = '\0';
        route(c, c->in.data, c->in.data + head);
        c->in.data[whole] = after;
        drop_front(&c->in, whole);
    }
}

/* ---- bytes in -------------------------------------------------------------------- */

static void hang_up(conn *c) {
    if (c->id) remember(c);
    unschedule(c);
    close(c->fd);
#ifdef WITH_TLS
    SSL_free(c->tls);
#endif
    free(c->in.data);
    free(c->out.data);
    free(c->times_ns);
    free(c);
}

/* How long the last packet of a read has lain in the socket. */
static int64_t age_ns(struct msghdr *m) {
    for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h))
        if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SO_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(h), sizeof t);
            int64_t age = clock_ns(CLOCK_REALTIME) - t.tv_sec * 1000000000LL - t.tv_nsec;
            return age > 0 ? age : 0;
        }
    return 0;
}

static void hear(conn *c) {
    char data[READ], more[64];
    struct iovec part = {data, sizeof data};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    m.msg_control = more;
    m.msg_controllen = sizeof more;
    ssize_t n = recvmsg(c->fd, &m, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return hang_up(c);
    int64_t arrived_ns = now_ns() - age_ns(&m);
    if (!c->id) c->arrived_ns = arrived_ns;
#ifdef WITH_TLS
    if (c->tls) {
        BIO_write(SSL_get_rbio(c->tls), data, n);
        while ((n = SSL_read(c->tls, data, sizeof data)) > 0) append(&c->in, data, n);
        int why = SSL_get_error(c->tls, n);
        ERR_clear_error();
        flush_tls(c);
        if (why != SSL_ERROR_WANT_READ) return hang_up(c);
        return take_requests(c);
    }
#endif
    append(&c->in, data, n);
    take_requests(c);
}

static void welcome(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        conn *c = grown(NULL, sizeof *c);
        memset(c, 0, sizeof *c);
        c->fd = fd;
        c->place = -1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
#ifdef WITH_TLS
        if (tls_context) {
            c->tls = SSL_new(tls_context);
            SSL_set_bio(c->tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
            SSL_set_accept_state(c->tls);
        }
#endif
        watch(c, EPOLL_CTL_ADD);
    }
}

/* ---- life ------------------------------------------------------------------------ */

static int listen_somewhere(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&at, n) || listen(fd, 4096)) die("listen");
    getsockname(fd, (struct sockaddr *)&at, &n);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

static void use_tls(const char *cert, const char *key) {
#ifdef WITH_TLS
    tls_context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(tls_context, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls_context, key, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
#else
    fprintf(stderr, "built without TLS: %s and %s are of no use\n", cert, key);
    exit(1);
#endif
}

static void read_options(int argc, char **argv) {
    const char *cert = NULL, *key = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--ttft")) defaults.ttft_ms = atof(value);
        else if (!strcmp(name, "--gap")) defaults.gap_ms = atof(value);
        else if (!strcmp(name, "--tokens")) defaults.tokens = atoll(value);
        else if (!strcmp(name, "--cert")) cert = value;
        else if (!strcmp(name, "--key")) key = value;
        else {
            fprintf(stderr, "unknown option %s\n", name);
            exit(2);
        }
    }
    if (cert && key) use_tls(cert, key);
}

/* Until the next answer is due: 0 when one is, for ever when none will be. */
static struct timespec *wait_for(struct timespec *t) {
    if (!heap_n) return NULL;
    int64_t ns = heap[0]->due_ns - now_ns();
    if (ns < 0) ns = 0;
    t->tv_sec = ns / 1000000000;
    t->tv_nsec = ns % 1000000000;
    return t;
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    prctl(PR_SET_TIMERSLACK, 1); /* the default would be 50 us late */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    poller = epoll_create1(0);
    int listener = listen_somewhere();
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e);
    for (;;) {
        struct epoll_event ready[READY];
        struct timespec t;
        int n = epoll_pwait2(poller, ready, READY, wait_for(&t), NULL);
        for (int i = 0; i < n; i++) {
            conn *c = ready[i].data.ptr;
            if (!c) welcome(listener);
            else {
                if (ready[i].events & EPOLLOUT) drain(c);
                if (ready[i].events & ~EPOLLOUT) hear(c);
            }
        }
        for (int i = 0; i < TURNS && heap_n && heap[0]->due_ns <= now_ns(); i++)
            turn(heap[0]);
    }
}
