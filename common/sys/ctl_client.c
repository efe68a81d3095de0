/* ctl_client.c - see ctl_client.h. */
#include "common/sys/ctl_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/base.h"

#define BACKLOG_FIRST 4096u

void
ctl_client_free(struct ctl_client *c)
{
	if (!c)
		return;
	ev_io_stop(c->loop, &c->in);
	ev_io_stop(c->loop, &c->out);
	close(c->in.fd);
	free(c->backlog);
	free(c);
}

/* Free it if it has to go and nobody is using it. True: it is gone. */
static bool
reap(struct ctl_client *c)
{
	if (c->closing && ctl_client_waiting(c) == 0)
		c->dead = true;
	if (!c->dead || c->busy)
		return false;
	c->ops->gone(c->ctx, c);
	ctl_client_free(c);
	return true;
}

/* ---- out ---- */

size_t
ctl_client_waiting(const struct ctl_client *c)
{
	return c->backlog_len - c->sent;
}

/* Room for n more octets behind the backlog. */
static bool
make_room(struct ctl_client *c, size_t n)
{
	size_t cap = c->backlog_cap ? c->backlog_cap : BACKLOG_FIRST;
	char *p;

	if (c->sent > 0) {
		memmove(c->backlog, c->backlog + c->sent, ctl_client_waiting(c));
		c->backlog_len -= c->sent;
		c->sent = 0;
	}
	while (cap - c->backlog_len < n)
		cap *= 2;
	if (cap == c->backlog_cap)
		return true;
	p = realloc(c->backlog, cap);
	if (!p)
		return false;
	c->backlog = p;
	c->backlog_cap = cap;
	return true;
}

void
ctl_client_put(struct ctl_client *c, const char *p, size_t n)
{
	if (c->dead)
		return;
	if (c->backlog_cap - c->backlog_len < n && !make_room(c, n)) {
		c->dead = true;
		return;
	}
	memcpy(c->backlog + c->backlog_len, p, n);
	c->backlog_len += n;
}

static void
write_backlog(struct ctl_client *c)
{
	while (!c->dead && ctl_client_waiting(c) > 0) {
		ssize_t n = send(c->out.fd, c->backlog + c->sent, ctl_client_waiting(c),
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			c->sent += (size_t)n;
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			c->dead = true;
	}
	/* An idle client keeps no more than it needs for its next answer. */
	c->sent = c->backlog_len = 0;
	if (c->backlog_cap > BACKLOG_FIRST) {
		free(c->backlog);
		c->backlog = NULL;
		c->backlog_cap = 0;
	}
}

/* Watch for what has to come next: room to write, or else something to read. */
static void
watch(struct ctl_client *c)
{
	bool waits = ctl_client_waiting(c) > 0;

	if (waits)
		ev_io_start(c->loop, &c->out);
	else
		ev_io_stop(c->loop, &c->out);
	if (c->dead || c->closing || waits || c->later)
		ev_io_stop(c->loop, &c->in);
	else
		ev_io_start(c->loop, &c->in);
}

void
ctl_client_flush(struct ctl_client *c)
{
	write_backlog(c);
	watch(c);
	reap(c);
}

void
ctl_client_finish(struct ctl_client *c)
{
	c->closing = true;
	ctl_client_flush(c);
}

void
ctl_client_drop(struct ctl_client *c)
{
	c->dead = true;
	ctl_client_flush(c);
}

/* ---- in ---- */

/* Answer the requests that are complete, until one answer has to wait. */
static void
answer_lines(struct ctl_client *c)
{
	char *end;

	while (!c->dead && !c->closing && !c->later && ctl_client_waiting(c) == 0 &&
	       (end = memchr(c->line, '\n', c->line_len))) {
		size_t n = (size_t)(end - c->line) + 1;

		*end = '\0';
		c->busy = true;
		c->ops->line(c->ctx, c, c->line);
		c->busy = false;
		c->line_len -= n;
		memmove(c->line, c->line + n, c->line_len);
		write_backlog(c);
	}
	if (c->line_len == sizeof(c->line) && !memchr(c->line, '\n', c->line_len)) {
		c->ops->too_long(c->ctx, c);
		c->closing = true;
		c->line_len = 0;
	}
	ctl_client_flush(c);
}

void
ctl_client_resume(struct ctl_client *c)
{
	c->later = 0;
	write_backlog(c);
	answer_lines(c);
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct ctl_client *c = container_of(w, struct ctl_client, in);
	ssize_t n = recv(w->fd, c->line + c->line_len, sizeof(c->line) - c->line_len, MSG_DONTWAIT);

	(void)loop;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		ctl_client_finish(c); /* it may have shut down its side only, and read on */
		return;
	}
	c->line_len += (size_t)n;
	answer_lines(c);
}

static void
on_writable(struct ev_loop *loop, ev_io *w, int events)
{
	struct ctl_client *c = container_of(w, struct ctl_client, out);

	(void)loop;
	(void)events;
	write_backlog(c);
	answer_lines(c);
}

struct ctl_client *
ctl_client_new(struct ev_loop *loop, int fd, const struct ctl_client_ops *ops, void *ctx)
{
	struct ctl_client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	c->loop = loop;
	c->ops = ops;
	c->ctx = ctx;
	ev_io_init(&c->in, on_readable, fd, EV_READ);
	ev_io_init(&c->out, on_writable, fd, EV_WRITE);
	ev_io_start(loop, &c->in);
	return c;
}
