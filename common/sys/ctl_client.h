/*
 * ctl_client.h - one client of the control socket: lines in, a backlog of lines out.
 *
 * While an answer waits to be read, no further request is: so a client holds one
 * answer's memory at most. Events do not wait; whoever lets 256 KiB of them pile
 * up is dropped.
 *
 * A client that must go while its own request runs is only marked; it is freed
 * when the request comes back. `gone` is called just before it is freed.
 *
 * Layer: sys (libev).
 */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CTL_LINE_MAX 4096	      /* octets of a request without its newline */
#define CTL_BACKLOG_MAX (256 * 1024u) /* octets of events not read */

struct ctl_client;

struct ctl_client_ops {
	void (*line)(void *ctx, struct ctl_client *c, char *line); /* may write to the line */
	void (*too_long)(void *ctx, struct ctl_client *c);
	void (*gone)(void *ctx, struct ctl_client *c);
};

struct ctl_client {
	struct ctl_client *next; /* the owner's, as are the next three */
	bool may_change;	 /* root, or the daemon's own user */
	bool monitor;
	uint64_t later; /* its request is answered later: no other is read; 0 if not so */

	struct ev_loop *loop;
	const struct ctl_client_ops *ops;
	void *ctx;
	ev_io in, out;
	bool busy;    /* its request runs */
	bool closing; /* goes as soon as it has read everything */
	bool dead;    /* goes now */
	char line[CTL_LINE_MAX + 1];
	size_t line_len;
	char *backlog; /* octets sent .. backlog_len wait to be written */
	size_t sent, backlog_len, backlog_cap;
};

/* Takes fd, also when it fails. NULL: no memory. */
struct ctl_client *ctl_client_new(
    struct ev_loop *loop, int fd, const struct ctl_client_ops *ops, void *ctx);
void ctl_client_free(struct ctl_client *c); /* without calling gone */

/* Add to the backlog. No memory: the client is dropped. */
void ctl_client_put(struct ctl_client *c, const char *p, size_t n);
size_t ctl_client_waiting(const struct ctl_client *c);

/* Its request has been answered at last: go on with what it has said since. */
void ctl_client_resume(struct ctl_client *c);

/* Write what can be written now. The client may be gone afterwards unless it is busy. */
void ctl_client_flush(struct ctl_client *c);
/* Let it go: after what waits is written, or at once. It may be gone afterwards. */
void ctl_client_finish(struct ctl_client *c);
void ctl_client_drop(struct ctl_client *c);
