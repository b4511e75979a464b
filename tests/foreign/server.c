/* A server of step 2 in C, standard library and POSIX only: proof that the grader asks no language.
 *
 *     cc -O1 -o server server.c
 *     ./server PORT [echo]
 *
 * GET / is a page, POST /echo sends back what it gets, everything else is 404; with `echo` it is
 * step 1's server and sends back whatever comes. A process for each connection, so that nothing is
 * shared and nothing has to be given back.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 8 * 1024, HEAD = 32 * 1024, CONTENT = 1 << 20, FIELDS = 100, LINGER_SECONDS = 2 };

/* What has come and was not used yet: come[from..to]. */
static char come[HEAD + LINE];
static size_t from, to;
static char content[CONTENT];
static size_t content_len;
static int guest;

struct head {
    char text[HEAD + 1];
    char *method, *target, *version;
    struct { char *name, *value; } field[FIELDS];
    int fields;
};

static void say(const char *octets, size_t len) {
    while (len > 0) {
        ssize_t n = write(guest, octets, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) exit(0); /* the guest is gone */
        octets += n;
        len -= (size_t)n;
    }
}

/* Waits for more; 0 at the end of input. Moves what is left to the front when there is no room. */
static int hear(void) {
    if (from > 0) {
        memmove(come, come + from, to - from);
        to -= from;
        from = 0;
    }
    ssize_t n;
    do n = read(guest, come + to, sizeof come - to); while (n < 0 && errno == EINTR);
    if (n <= 0) return 0;
    to += (size_t)n;
    return 1;
}

static void answer(int status, const char *octets, size_t len, int last, int is_head) {
    char head[512], date[64];
    time_t now = time(NULL);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %d so\r\nDate: %s\r\nContent-Length: %zu\r\n%s\r\n",
                     status, date, len, last ? "Connection: close\r\n" : "");
    say(head, (size_t)n);
    if (!is_head) say(octets, len);
}

/* Half-closes, and listens until the guest has ended too. */
static void leave(void) {
    struct timeval patience = { .tv_sec = LINGER_SECONDS };
    setsockopt(guest, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    shutdown(guest, SHUT_WR);
    while (read(guest, come, sizeof come) > 0) {}
    exit(0);
}

static void refuse(int status) {
    answer(status, "no", 2, 1, 0);
    leave();
}

/* The offset of `end` in what has come, or -1. */
static long find(const char *end, size_t len) {
    for (size_t at = from; at + len <= to; at++)
        if (memcmp(come + at, end, len) == 0) return (long)(at - from);
    return -1;
}

static int is_token(const char *text) {
    if (*text == 0) return 0;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("!#$%&'*+-.^_`|~", *text)) return 0;
    return 1;
}

static int is_number(const char *text) {
    return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
}

/* The value of the only field of that name; NULL when there is none, and a refusal of two. */
static const char *only(const struct head *head, const char *name) {
    const char *value = NULL;
    for (int i = 0; i < head->fields; i++) {
        if (strcasecmp(head->field[i].name, name) != 0) continue;
        if (value) refuse(400);
        value = head->field[i].value;
    }
    return value;
}

static void parse_fields(struct head *head, char *line) {
    while (line && *line) {
        char *next = strstr(line, "\r\n");
        if (next) { *next = 0; next += 2; }
        char *colon = strchr(line, ':');
        if (!colon || head->fields == FIELDS) refuse(400);
        *colon = 0;
        char *value = colon + 1 + strspn(colon + 1, " \t");
        for (size_t n = strlen(value); n && strchr(" \t", value[n - 1]); n--) value[n - 1] = 0;
        if (!is_token(line)) refuse(400);
        head->field[head->fields].name = line;
        head->field[head->fields++].value = value;
        line = next;
    }
}

static void judge(struct head *head) {
    if (!is_token(head->method)) refuse(400);
    if (strcmp(head->version, "HTTP/1.1") && strcmp(head->version, "HTTP/1.0")) refuse(400);
    for (const char *c = head->target; (c = strchr(c, '%')); c++)
        if (!isxdigit((unsigned char)c[1]) || !isxdigit((unsigned char)c[2])) refuse(400);
    const char *host = only(head, "Host");
    if ((!host && !strcmp(head->version, "HTTP/1.1")) || (host && strchr(host, ' '))) refuse(400);
}

/* Takes the next head; 0 at the end of input. */
static int take_head(struct head *head) {
    long end;
    while ((end = find("\r\n\r\n", 4)) < 0) {
        long line = find("\r\n", 2);
        if (to - from > LINE && (line < 0 || line > LINE)) refuse(414);
        if (to - from > HEAD) refuse(431);
        if (!hear()) return 0;
    }
    if (find("\r\n", 2) > LINE) refuse(414);
    if (end > HEAD) refuse(431);
    memcpy(head->text, come + from, (size_t)end);
    head->text[end] = 0;
    from += (size_t)end + 4;
    if (strlen(head->text) != (size_t)end) refuse(400); /* a NUL */
    head->fields = 0;
    char *fields = strstr(head->text, "\r\n");
    if (fields) { *fields = 0; fields += 2; }
    head->method = head->text;
    char *one = strchr(head->text, ' '), *two = one ? strchr(one + 1, ' ') : NULL;
    if (!two || strchr(two + 1, ' ')) refuse(400);
    *one = *two = 0;
    head->target = one + 1;
    head->version = two + 1;
    parse_fields(head, fields);
    judge(head);
    return 1;
}

static void take(size_t len) {
    if (len > sizeof content - content_len) refuse(413);
    while (len > 0) {
        if (from == to && !hear()) exit(0);
        size_t n = to - from < len ? to - from : len;
        memcpy(content + content_len, come + from, n);
        content_len += n;
        from += n;
        len -= n;
    }
}

/* Takes a line without its end. */
static void take_line(char *line) {
    long end;
    while ((end = find("\r\n", 2)) < 0) {
        if (to - from > LINE) refuse(400);
        if (!hear()) exit(0);
    }
    if (end >= LINE) refuse(400);
    memcpy(line, come + from, (size_t)end);
    line[end] = 0;
    from += (size_t)end + 2;
}

static void take_chunks(void) {
    char line[LINE];
    for (;;) {
        take_line(line);
        size_t digits = strspn(line, "0123456789abcdefABCDEF");
        if (digits == 0 || digits > 15 || (line[digits] && line[digits] != ';')) refuse(400);
        size_t size = strtoul(line, NULL, 16);
        if (size == 0) break;
        take(size);
        take_line(line);
        if (*line) refuse(400);
    }
    do take_line(line); while (*line); /* trailers */
}

static void serve(void) {
    static struct head head;
    static const char front[] = "<!doctype html><title>front</title>";
    static const char nothing[] = "<!doctype html><title>nothing</title>";
    while (take_head(&head)) {
        int old = !strcmp(head.version, "HTTP/1.0"), is_head = !strcmp(head.method, "HEAD");
        const char *length = only(&head, "Content-Length"), *expect = only(&head, "Expect");
        const char *coding = only(&head, "Transfer-Encoding");
        if (coding && (length || strcmp(coding, "chunked"))) refuse(400);
        if (length && !is_number(length)) refuse(400);
        if (expect && !old && !strcmp(expect, "100-continue"))
            say("HTTP/1.1 100 Continue\r\n\r\n", 25);
        content_len = 0;
        if (coding) take_chunks();
        else if (length) take(strtoul(length, NULL, 10));
        const char *connection = only(&head, "Connection");
        int last = old || (connection && !strcasecmp(connection, "close"));
        head.target[strcspn(head.target, "?")] = 0;
        if (!strcmp(head.target, "/") && (is_head || !strcmp(head.method, "GET")))
            answer(200, front, sizeof front - 1, last, is_head);
        else if (!strcmp(head.target, "/echo") && !strcmp(head.method, "POST"))
            answer(200, content, content_len, last, 0);
        else
            answer(404, nothing, sizeof nothing - 1, last, is_head);
        if (last) leave();
    }
}

static void echo(void) {
    while (hear()) {
        say(come, to);
        to = 0;
    }
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&addr, sizeof addr) || listen(listener, 128)) return 1;
    signal(SIGCHLD, SIG_IGN); /* nobody waits for a guest's process */
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        guest = accept(listener, NULL, NULL);
        if (guest < 0) continue;
        if (fork() == 0) {
            close(listener);
            if (argc > 2) echo();
            else serve();
            return 0;
        }
        close(guest);
    }
}
