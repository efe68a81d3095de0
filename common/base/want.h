/*
 * want.h - everything wanted from the kernel, by all owners together.
 *
 * Each guest or binding owns a plan: the list of kernel objects that its state
 * calls for. When the state changes, it makes a new list and hands over both;
 * want_change asks the kernel for the difference and nothing else, so a moved
 * binding is one route replace (requirement X-05). Objects that several owners
 * want (a tunnel, a rule) exist as long as anybody wants them.
 *
 * After a restart, or when the kernel says that messages were lost, want_fix
 * compares what is wanted with what is there. It is the same code path.
 *
 * Layer: base. Talks to the kernel only through want_ops.
 *
 *	make_plan(b, &next);
 *	r = want_change(w, &b->plan, &next);	// on success b->plan holds next's list
 */
#pragma once

#include "common/base/kobj.h"

struct want; /* opaque */

/* Both return 0 or -errno; "already so" is 0. */
struct want_ops {
	int (*set)(void *ctx, const struct kobj *o);
	int (*clear)(void *ctx, const struct kobj *o);
};

struct want *want_new(const struct want_ops *ops, void *ctx); /* NULL: no memory */
void want_free(struct want *w);				      /* leaves the kernel as it is */

/*
 * Say what the kernel has already, before anybody wants anything: `found` as for
 * want_fix. Whoever then wants such an object just so costs no call; what nobody has
 * wanted by the next want_fix goes. Without memory for it the kernel is asked once more.
 */
void want_know(struct want *w, const struct plan *found);

/*
 * Make an owner's wish *held into *next. Objects new or different in next are
 * set, in the order of their kinds and then of the list; then objects that are
 * in held and wanted by nobody any more are cleared, in the reverse order.
 *
 * Returns 0, and the lists are swapped: held is what is wanted now, next the old
 * list, free to be reused. If the kernel refuses one object, everything is put
 * back, both lists are as they were and the -errno is returned; ret_failed, if
 * not NULL, is the object it refused. Failing to clear is not a refusal: the
 * object is kept in mind and cleared by the next want_fix.
 */
int want_change(struct want *w, struct plan *held, struct plan *next, struct kobj *ret_failed);

/*
 * Compare with what the kernel has: `found` lists every object there that is
 * marked as ours. Strays are cleared, missing and different ones set. Returns
 * how many had to be set or cleared; what fails stays for the next time and is
 * counted in ret_failed (may be NULL).
 */
size_t want_fix(struct want *w, const struct plan *found, size_t *ret_failed);

/* Clear all that is wanted, whoever wants it, as on a clean stop with `remove`. */
void want_clear_all(struct want *w);

bool want_has_key(const struct want *w, const struct kobj *o); /* whatever its content */
bool want_has(const struct want *w, const struct kobj *o);     /* same key, same content */
size_t want_count(const struct want *w);
void want_each(const struct want *w, void (*fn)(void *ctx, const struct kobj *o), void *ctx);
