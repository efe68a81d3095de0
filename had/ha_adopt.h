/*
 * ha_adopt.h - routes and tunnels that a run before us left in the kernel.
 *
 * The binding cache lives in memory only, so after a restart nobody knows who is bound.
 * The kernel still forwards, though, and each mobile router will speak up within its
 * lifetime: until then its routes stay. One that speaks up takes its own over (its plan
 * asks for the same objects, or for others); what nobody has taken over when the longest
 * lifetime is over belongs to nobody, and goes.
 *
 * Layer: core.
 */
#pragma once

#include "common/base/mono.h"
#include "common/base/trie.h"
#include "common/base/want.h"
#include "had/ha_policy.h"
#include "had/ha_prefix.h"

struct ha_adopted {
	struct trie by_dst; /* of what it owns: a plan per route */
	mono_t until;	    /* NEVER while there are none */
};

void ha_adopted_init(struct ha_adopted *a);
/* Frees memory; what is in the kernel stays. */
void ha_adopted_done(struct ha_adopted *a);

/*
 * Take what is ours and served out of `found`: routes as ha_plan makes them to what
 * `table` has, and their tunnels. want knows them already (want_know). Returns 0,
 * or -ENOMEM; then some are not taken.
 */
int ha_adopted_take(struct ha_adopted *a, struct want *want, const struct ha_policy *policy,
    const struct ha_table *table, const struct plan *found, mono_t until);

/* Somebody is bound now to this prefix: it is his to want. */
void ha_adopted_yield(struct ha_adopted *a, struct want *want, const struct ip6_prefix *dst);
/* Let go of what is not served any more, or, with served NULL, of all. */
void ha_adopted_sift(struct ha_adopted *a, struct want *want, const struct ha_table *served);

/* How many routes are left. */
static inline size_t
ha_adopted_n(const struct ha_adopted *a)
{
	return a->by_dst.n;
}
