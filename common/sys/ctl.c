/* ctl.c - see ctl.h. Clients are ctl_client.c's, the tokenizer is in ctl_words.c. */
#include "common/sys/ctl.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/base/base.h"
#include "common/base/log.h"
#include "common/sys/ctl_client.h"
#include "common/sys/ctl_words.h"

#define MESSAGE_MAX 512 /* octets of a reason with its NUL */
#define CLIENTS_MAX 64
#define ACCEPT_BURST 16	  /* connections taken per wake-up */
#define ACCEPT_REST_S 1.0 /* after the process ran out of file descriptors */

struct ctl {
	struct ev_loop *loop;
	ev_io listen;
	ev_timer rest;
	const struct ctl_verb *verbs;
	size_t n_verbs;
	void *ctx;
	struct ctl_client *clients;
	size_t n_clients;
	uint64_t laters; /* handed out so far */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

struct ctl_call {
	struct ctl *ctl;
	struct ctl_client *client; /* NULL: ctl_run_line */
	const char *code;	   /* NULL: no failure so far */
	char message[MESSAGE_MAX];
};

/* ---- what goes out ---- */

/* A JSON object as one line, or NULL. Takes the reference. */
static char *
line_of(json_t *o, size_t *ret_len)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	if (!text)
		return NULL;
	*ret_len = strlen(text);
	text[(*ret_len)++] = '\n'; /* in place of the NUL */
	return text;
}

static void
put(struct ctl_client *c, json_t *o)
{
	size_t n = 0;
	char *line = line_of(o, &n);

	if (line)
		ctl_client_put(c, line, n);
	else
		c->dead = true; /* no memory: rather no answer than half of one */
	free(line);
}

/* A message that was cut within a character is not UTF-8 any more. */
static json_t *
text_of(const char *s)
{
	json_t *o = json_string(s);
	char copy[MESSAGE_MAX];

	if (o)
		return o;
	snprintf(copy, sizeof(copy), "%s", s);
	for (char *p = copy; *p; p++)
		if (*p & 0x80)
			*p = '?';
	return json_string(copy);
}

static json_t *
error_line(const char *code, const char *message)
{
	return json_pack("{s:b, s:s, s:o}", "ok", 0, "error", code, "message", text_of(message));
}

void
ctl_line(struct ctl_call *call, json_t *o)
{
	if (!o)
		ctl_fail(call, "internal", "a line could not be made: no memory, or not UTF-8");
	else if (call->client)
		put(call->client, o);
	else
		json_decref(o);
}

void
ctl_fail(struct ctl_call *call, const char *code, const char *fmt, ...)
{
	va_list ap;

	if (call->code)
		return; /* the first reason is the reason */
	call->code = code;
	va_start(ap, fmt);
	vsnprintf(call->message, sizeof(call->message), fmt, ap);
	va_end(ap);
}

/* "time" for people, "mono_ms" to be compared with others' clocks on this host. */
static json_t *
event_line(const char *event)
{
	struct timespec real, mono;
	char text[32], ms[8];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	gmtime_r(&real.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ms, sizeof(ms), ".%03dZ", (int)(real.tv_nsec / 1000000) % 1000);
	return json_pack("{s:s+, s:I, s:s}", "time", text, ms, "mono_ms",
	    (json_int_t)(mono.tv_sec * 1000 + mono.tv_nsec / 1000000), "event", event);
}

bool
ctl_is_monitored(const struct ctl *c)
{
	for (const struct ctl_client *x = c->clients; x; x = x->next)
		if (x->monitor)
			return true;
	return false;
}

void
ctl_event(struct ctl *c, const char *event, json_t *o)
{
	json_t *whole = ctl_is_monitored(c) ? event_line(event) : NULL;
	struct ctl_client *next;
	size_t n = 0;
	char *line;

	if (whole && o)
		json_object_update(whole, o);
	json_decref(o);
	line = line_of(whole, &n);
	for (struct ctl_client *x = line ? c->clients : NULL; x; x = next) {
		next = x->next;
		if (!x->monitor || x->dead)
			continue;
		ctl_client_put(x, line, n);
		if (ctl_client_waiting(x) > CTL_BACKLOG_MAX && !x->busy) {
			log_warn("ctl", "client dropped, it does not read", "octets=%zu",
			    ctl_client_waiting(x));
			ctl_client_drop(x);
		} else {
			ctl_client_flush(x);
		}
	}
	free(line);
}

/* ---- verbs ---- */

static void run_help(void *ctx, struct ctl_call *call, int argc, const char *const *argv);

static void
run_monitor(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	(void)ctx;
	(void)argv;
	if (argc > 0)
		ctl_fail(call, "usage", "monitor takes no words");
	else if (!call->client)
		ctl_fail(call, "refused", "nobody is there to read events");
	else
		call->client->monitor = true;
}

static void
run_debug(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	bool on = argc == 2 && strcmp(argv[1], "on") == 0;
	int r;

	(void)ctx;
	if (argc != 2 || (!on && strcmp(argv[1], "off") != 0)) {
		ctl_fail(call, "usage", "debug MODULE on|off");
		return;
	}
	r = on ? log_debug_on(argv[0]) : log_debug_off(argv[0]);
	if (r < 0)
		ctl_fail(call, "usage", "%s: not a list of modules", argv[0]);
}

static const struct ctl_verb built_in[] = {
	{ "help", false, run_help, "", "every verb with its arguments" },
	{ "monitor", false, run_monitor, "", "events as they happen, until the client goes" },
	{ "debug", true, run_debug, "MODULE on|off", "log more of a module, or of all" },
};

static const struct ctl_verb *
verb_at(const struct ctl *c, size_t i)
{
	if (i < c->n_verbs)
		return &c->verbs[i];
	i -= c->n_verbs;
	return i < countof(built_in) ? &built_in[i] : NULL;
}

static void
run_help(void *ctx, struct ctl_call *call, int argc, const char *const *argv)
{
	const struct ctl_verb *v;

	(void)ctx;
	(void)argc;
	(void)argv;
	for (size_t i = 0; (v = verb_at(call->ctl, i)); i++)
		ctl_line(call, json_pack("{s:s, s:s, s:b, s:s}", "verb", v->words, "args",
				   v->args ? v->args : "", "changes", v->changes, "doc",
				   v->doc ? v->doc : ""));
}

/* How many words of argv are this verb's; 0 if they do not spell it. */
static int
match(const struct ctl_verb *v, int argc, const char *const *argv)
{
	const char *p = v->words;
	int n = 0;

	while (*p) {
		size_t len = strcspn(p, " ");

		if (n == argc || strlen(argv[n]) != len || memcmp(argv[n], p, len) != 0)
			return 0;
		n++;
		p += len + strspn(p + len, " ");
	}
	return n;
}

static const struct ctl_verb *
find_verb(const struct ctl *c, int argc, const char *const *argv, int *ret_words)
{
	const struct ctl_verb *best = NULL, *v;
	int most = 0;

	for (size_t i = 0; (v = verb_at(c, i)); i++) {
		int n = match(v, argc, argv);

		if (n > most) {
			most = n;
			best = v;
		}
	}
	*ret_words = most;
	return best;
}

static void
run_words(struct ctl_call *call, int argc, const char *const *argv)
{
	int used;
	const struct ctl_verb *v = find_verb(call->ctl, argc, argv, &used);

	if (!v) {
		ctl_fail(call, "usage", "%s%s%s: unknown, try help", argv[0], argc > 1 ? " " : "",
		    argc > 1 ? argv[1] : "");
		return;
	}
	if (v->changes && call->client && !call->client->may_change) {
		ctl_fail(
		    call, "not-permitted", "%s: only for root and the daemon's user", v->words);
		return;
	}
	v->run(v >= built_in && v < built_in + countof(built_in) ? NULL : call->ctl->ctx, call,
	    argc - used, argv + used);
}

static void
run_line(struct ctl_call *call, char *line)
{
	const char *argv[CTL_WORDS_MAX];
	json_t *whole = json_string(line);
	bool is_utf8 = whole != NULL;
	int argc = ctl_words_split(line, argv, CTL_WORDS_MAX);

	json_decref(whole);
	if (argc == -E2BIG)
		ctl_fail(call, "usage", "more than %d words", CTL_WORDS_MAX);
	else if (argc < 0)
		ctl_fail(call, "usage", "a quote is not closed");
	else if (argc == 0)
		ctl_fail(call, "usage", "no words, try help");
	else if (!is_utf8)
		ctl_fail(call, "usage", "the line is not UTF-8");
	else
		run_words(call, argc, argv);
}

int
ctl_run_line(struct ctl *c, const char *line)
{
	struct ctl_call call = { .ctl = c };
	char *copy = strdup(line);

	if (!copy)
		return -ENOMEM;
	run_line(&call, copy);
	free(copy);
	if (call.code)
		log_warn("ctl", "line refused", "line=\"%s\" error=%s message=\"%s\"", line,
		    call.code, call.message);
	return call.code ? -EINVAL : 0;
}

/* ---- clients ---- */

static void
on_line(void *ctx, struct ctl_client *client, char *line)
{
	struct ctl_call call = { .ctl = ctx, .client = client };
	bool monitored = client->monitor;

	run_line(&call, line);
	if (call.code)
		client->later = 0;
	if (client->later)
		return;
	if (call.code)
		put(client, error_line(call.code, call.message));
	else if (client->monitor && !monitored)
		put(client, event_line("monitor")); /* from here on nothing is missed */
	else
		put(client, json_pack("{s:b}", "ok", 1));
}

uint64_t
ctl_later(struct ctl_call *call)
{
	if (!call->client)
		return 0;
	call->client->later = ++call->ctl->laters;
	return call->client->later;
}

void
ctl_answer(struct ctl *c, uint64_t later, void (*fn)(void *ctx, struct ctl_call *call), void *ctx)
{
	struct ctl_client *x = c->clients;
	struct ctl_call call = { .ctl = c };

	while (x && (later == 0 || x->later != later))
		x = x->next;
	if (!x)
		return;
	call.client = x;
	fn(ctx, &call);
	put(x, call.code ? error_line(call.code, call.message) : json_pack("{s:b}", "ok", 1));
	ctl_client_resume(x);
}

static void
on_too_long(void *ctx, struct ctl_client *client)
{
	(void)ctx;
	put(client, error_line("usage", "the line is too long"));
}

static void
on_gone(void *ctx, struct ctl_client *client)
{
	struct ctl *c = ctx;
	struct ctl_client **link = &c->clients;

	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	c->n_clients--;
}

static const struct ctl_client_ops client_ops = { on_line, on_too_long, on_gone };

static void
add_client(struct ctl *c, int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	struct ctl_client *x = ctl_client_new(c->loop, fd, &client_ops, c);

	if (!x)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		x->may_change = peer.uid == 0 || peer.uid == geteuid();
	x->next = c->clients;
	c->clients = x;
	if (++c->n_clients <= CLIENTS_MAX)
		return;
	put(x, error_line("busy", "too many clients"));
	ctl_client_finish(x);
}

static void
on_connection(struct ev_loop *loop, ev_io *w, int events)
{
	struct ctl *c = container_of(w, struct ctl, listen);

	(void)events;
	for (int i = 0; i < ACCEPT_BURST; i++) {
		int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			add_client(c, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
			/* The connection stays there and would wake us at once, forever. */
			log_limited(LOG_LEVEL_ERR, "ctl", "cannot take a client", "error=\"%m\"");
			ev_io_stop(loop, w);
			ev_timer_start(loop, &c->rest);
			return;
		} else {
			return;
		}
	}
}

static void
on_rested(struct ev_loop *loop, ev_timer *w, int events)
{
	struct ctl *c = container_of(w, struct ctl, rest);

	(void)events;
	ev_io_start(loop, &c->listen);
}

/* ---- the socket ---- */

/* -EADDRINUSE if somebody listens there; a socket nobody listens on is removed. */
static int
clear_stale(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	r = connect(fd, (const void *)sa, sizeof(*sa)) < 0 ? -errno : 0;
	close(fd);
	if (r == 0 || r == -EAGAIN)
		return -EADDRINUSE;
	if (r != -ECONNREFUSED)
		return r == -ENOENT ? 0 : r;
	if (lstat(sa->sun_path, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode)) /* connect says the same of an ordinary file */
		return -ENOTSOCK;
	return unlink(sa->sun_path) < 0 ? -errno : 0;
}

/* Nobody but us until it has its group. */
static int
bind_socket(int fd, const struct sockaddr_un *sa, gid_t gid)
{
	mode_t old = umask(0177);
	int r = bind(fd, (const void *)sa, sizeof(*sa)) < 0 ? -errno : 0;

	umask(old);
	if (r < 0)
		return r;
	if ((gid != (gid_t)-1 && chown(sa->sun_path, (uid_t)-1, gid) < 0) ||
	    chmod(sa->sun_path, 0660) < 0 || listen(fd, CLIENTS_MAX) < 0) {
		r = -errno;
		unlink(sa->sun_path);
	}
	return r;
}

static int
find_group(const char *name, gid_t *ret_gid)
{
	const struct group *g = name ? getgrnam(name) : NULL;

	if (name && !g)
		return -ESRCH;
	*ret_gid = g ? g->gr_gid : (gid_t)-1;
	return 0;
}

/* RuntimeDirectory= of the unit does this; for a start by hand we do. */
static void
make_directory(const char *path)
{
	char dir[sizeof(((struct ctl *)0)->path)];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return;
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	(void)mkdir(dir, 0755); /* if it is not there afterwards, bind says so */
}

static int
open_socket(const char *path, const char *group, int *ret_fd)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	gid_t gid;
	int fd, r;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, path, strlen(path));
	r = find_group(group, &gid);
	if (r < 0)
		return r;
	make_directory(path);
	r = clear_stale(&sa);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = bind_socket(fd, &sa, gid);
	if (r < 0)
		close(fd);
	else
		*ret_fd = fd;
	return r;
}

int
ctl_open(struct ctl **ret_ctl, struct ev_loop *loop, const char *path, const char *group,
    const struct ctl_verb *verbs, size_t n_verbs, void *ctx)
{
	struct ctl *c = calloc(1, sizeof(*c));
	int fd, r;

	if (!c)
		return -ENOMEM;
	r = open_socket(path, group, &fd);
	if (r < 0) {
		free(c);
		return r;
	}
	memcpy(c->path, path, strlen(path));
	c->loop = loop;
	c->verbs = verbs;
	c->n_verbs = n_verbs;
	c->ctx = ctx;
	ev_timer_init(&c->rest, on_rested, ACCEPT_REST_S, 0.);
	ev_io_init(&c->listen, on_connection, fd, EV_READ);
	ev_io_start(loop, &c->listen);
	*ret_ctl = c;
	return 0;
}

void
ctl_close(struct ctl *c)
{
	struct ctl_client *next;

	if (!c)
		return;
	ev_timer_stop(c->loop, &c->rest);
	ev_io_stop(c->loop, &c->listen);
	close(c->listen.fd);
	unlink(c->path);
	for (struct ctl_client *x = c->clients; x; x = next) {
		next = x->next;
		put(x, error_line("closing", "the daemon stops"));
		x->closing = true;
		x->busy = true; /* ours to free */
		ctl_client_flush(x);
		ctl_client_free(x);
	}
	free(c);
}
