/*
 * ctl.h - the control socket: words in, JSON lines out.
 *
 * A request is one line of words; a word with spaces in it stands in double
 * quotes. Each reply is any number of lines with one JSON object each, and a last
 * line {"ok":true} or {"ok":false,"error":CODE,"message":TEXT}. The daemon never
 * parses JSON: what a client can reach is a tokenizer and a table of verbs.
 *
 * Reading verbs are for whoever may open the socket (its group), changing ones
 * for root and the daemon's own user (SO_PEERCRED). A client that does not read is
 * dropped at 256 KiB of backlog; a line is at most 4096 octets.
 *
 * Layer: sys (libev, Jansson).
 */
#pragma once

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl;	 /* the socket and its clients */
struct ctl_call; /* one request being answered */

#define CTL_WORDS_MAX 64

struct ctl_verb {
	const char *words; /* "show bindings": matched word by word, longest first */
	bool changes;	   /* root only */
	/*
	 * Answer by ctl_line and ctl_fail. argv holds the words behind the verb.
	 * Coming back without ctl_fail is {"ok":true}.
	 */
	void (*run)(void *ctx, struct ctl_call *call, int argc, const char *const *argv);
	const char *args; /* for help: "NAME [mac MAC] ..." */
	const char *doc;  /* one line for help and the manual */
};

/*
 * Listen on path (made with its mode 0660 and, if group is not NULL, that group's).
 * A stale socket is replaced, a live one is -EADDRINUSE. `help`, `monitor` and
 * `debug MODULE on|off` are built in. verbs is borrowed for good.
 * Returns 0 or -errno; -ESRCH: no such group.
 */
int ctl_open(struct ctl **ret_ctl, struct ev_loop *loop, const char *path, const char *group,
    const struct ctl_verb *verbs, size_t n_verbs, void *ctx);
void ctl_close(struct ctl *c); /* says good-bye to clients, removes the socket */

/* Add one line to the answer. Takes the reference to o, also when it fails. */
void ctl_line(struct ctl_call *call, json_t *o);

/* End with an error. code: "usage", "unknown-guest", "refused" ...: a fixed word. */
__attribute__((format(printf, 3, 4))) void ctl_fail(
    struct ctl_call *call, const char *code, const char *fmt, ...);

/*
 * This request is answered later, by ctl_answer with the number returned; until then
 * no other of that client is read. 0: nobody waits for the answer.
 */
uint64_t ctl_later(struct ctl_call *call);
/* fn answers it by ctl_line and ctl_fail. Who has gone meanwhile is not answered. */
void ctl_answer(
    struct ctl *c, uint64_t later, void (*fn)(void *ctx, struct ctl_call *call), void *ctx);

/*
 * Send an event to all who said `monitor`. Takes the reference. "time" (RFC 3339,
 * milliseconds), "mono_ms" (CLOCK_MONOTONIC) and "event" are put in front.
 */
void ctl_event(struct ctl *c, const char *event, json_t *o);
bool ctl_is_monitored(const struct ctl *c); /* to save the work of making an event */

/*
 * Run one line of words as if a client had sent it, without a client: what a
 * restart does with the run-time file. Returns 0, or -EINVAL if it failed.
 */
int ctl_run_line(struct ctl *c, const char *line);
