/*
 * kern_guard.h - what may come out of one tunnel, as elements of packet filter sets.
 *
 * Source: RFC 3963 3 and 9, RFC 6275 10.4.5 (requirements N-37, N-39, X-08).
 * Layer:  sys, but pure: passes in, changes of sets out.
 *
 * A source that belongs to a tunnel needs no element: the filter asks the routing
 * table whether the way back goes into that tunnel, so a binding that moves is a route
 * replaced and nothing else. The other passes are elements. A set of intervals takes no
 * interval within another, so of nested prefixes only the outermost is shown.
 */
#pragma once

#include "common/base/kobj.h"
#include "common/base/trie.h"

enum kern_guard_set {
	KERN_GUARD_ROUTED, /* sources, by the way back: no set */
	KERN_GUARD_DESTINATION,
	KERN_GUARD_SOURCE_LATE,
	KERN_GUARD_DESTINATION_LATE,
	KERN_GUARD_SETS
};

struct kern_guard {
	struct trie set[KERN_GUARD_SETS];
};

/* An element of a set is to come or to go. Never called for KERN_GUARD_ROUTED. */
typedef void kern_guard_fn(
    void *ctx, enum kern_guard_set set, const struct ip6_prefix *prefix, bool on);

void kern_guard_init(struct kern_guard *g);
void kern_guard_done(struct kern_guard *g);

/* Goings before comings. 0 or -ENOMEM, then nothing has changed and fn was not called. */
int kern_guard_set(struct kern_guard *g, const struct kobj_pass *o, kern_guard_fn *fn, void *ctx);
void kern_guard_clear(
    struct kern_guard *g, const struct kobj_pass *o, kern_guard_fn *fn, void *ctx);

/* Call fn, with that `on`, for every element there should be. */
void kern_guard_each(const struct kern_guard *g, bool on, kern_guard_fn *fn, void *ctx);
/* True if the tunnel is one of those whose packets are judged by their source. */
bool kern_guard_is_by_source(const struct kern_guard *g);

/* Add an object per pass held, as those of the tunnel with these ends. */
void kern_guard_dump(
    const struct kern_guard *g, const struct kobj_tunnel *ends, struct plan *ret_found);
