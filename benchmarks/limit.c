/* The limit of sending: POSTs with their HMAC from one epoll loop, keep-alive, over many hosts.
 *
 *     limit FLIGHT REQUESTS SIZE PORT ADDRESS…
 *
 * Prints requests a second and microseconds of the processor for each. HMAC-SHA256 is OpenSSL's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static char *body;
static int size, epoll, hosts, *idle, idles;
static long requests, begun, done;
static struct conn { int fd; const char *address; size_t sent, whole; char head[512]; size_t head_size; char got[512]; size_t read; } *conns;

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }

static double used(void) {
    struct rusage u; getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void push(struct conn *c) {
    while (c->sent < c->whole) {
        struct iovec parts[2]; int n = 0;
        if (c->sent < c->head_size) { parts[n].iov_base = c->head + c->sent; parts[n++].iov_len = c->head_size - c->sent; }
        size_t from = c->sent > c->head_size ? c->sent - c->head_size : 0;
        parts[n].iov_base = body + from; parts[n++].iov_len = size - from;
        ssize_t wrote = writev(c->fd, parts, n);
        if (wrote < 0) { if (errno == EAGAIN) return; perror("writev"); exit(1); }
        c->sent += wrote;
    }
}

static void begin(struct conn *c) {
    unsigned char mark[32]; unsigned int length; char hex[65];
    long number = begun++;
    HMAC(EVP_sha256(), "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", 32, (unsigned char *)body, size, mark, &length);
    for (int i = 0; i < 32; i++) sprintf(hex + 2 * i, "%02x", mark[i]);
    c->head_size = snprintf(c->head, sizeof c->head,
        "POST /in HTTP/1.1\r\nhost: %s\r\nuser-agent: limit\r\naccept: */*\r\ncontent-type: text/xml\r\n"
        "x-number: %ld\r\nx-hub-signature: sha256=%s\r\ncontent-length: %d\r\n\r\n", c->address, number, hex, size);
    c->sent = 0; c->read = 0; c->whole = c->head_size + size;
    push(c);
}

static void next(void) { if (begun < requests && idles) begin(&conns[idle[--idles]]); }

static void hear(struct conn *c) {
    ssize_t got = read(c->fd, c->got + c->read, sizeof c->got - 1 - c->read);
    if (got <= 0) { if (got < 0 && errno == EAGAIN) return; fprintf(stderr, "a receiver closed\n"); exit(1); }
    c->read += got; c->got[c->read] = 0;
    if (!strstr(c->got, "\r\n\r\n")) return;
    if (strncmp(c->got, "HTTP/1.1 204", 12)) { fprintf(stderr, "not taken: %s\n", c->got); exit(1); }
    done++;
    int index = c - conns;  /* hosts take turns: to the end of the line */
    memmove(idle + 1, idle, idles * sizeof *idle); idle[0] = index; idles++;
    next();
}

int main(int count, char **given) {
    if (count < 6) return 2;
    int flight = atoi(given[1]); requests = atol(given[2]); size = atoi(given[3]); hosts = count - 5;
    body = malloc(size); memset(body, 'x', size);
    conns = calloc(hosts, sizeof *conns); idle = calloc(hosts + 1, sizeof *idle); epoll = epoll_create1(0);
    for (int i = 0; i < hosts; i++) {
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(given[4])) };
        inet_pton(AF_INET, given[5 + i], &to.sin_addr);
        int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&to, sizeof to)) { perror("connect"); return 1; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = i };
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        conns[i].fd = fd; conns[i].address = given[5 + i]; idle[idles++] = i;
    }
    double start = now(), before = used();
    for (int i = 0; i < flight; i++) next();
    while (done < requests) {
        struct epoll_event events[64];
        int n = epoll_wait(epoll, events, 64, 10000);
        if (n <= 0) { fprintf(stderr, "nothing happens\n"); return 1; }
        for (int i = 0; i < n; i++) {
            struct conn *c = &conns[events[i].data.u32];
            if (events[i].events & EPOLLOUT) push(c);
            if (events[i].events & EPOLLIN) hear(c);
        }
    }
    printf("%.0f %.1f\n", requests / (now() - start), (used() - before) / requests * 1e6);
    return 0;
}
