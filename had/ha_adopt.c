/* ha_adopt.c - see ha_adopt.h. */
#include "had/ha_adopt.h"

#include <errno.h>
#include <stdlib.h>

void
ha_adopted_init(struct ha_adopted *a)
{
	trie_init(&a->by_dst);
	a->until = MONO_NEVER;
}

static bool
free_plan(void *ctx, const struct ip6_prefix *dst, void *value)
{
	struct plan *p = value;

	(void)ctx;
	(void)dst;
	plan_done(p);
	free(p);
	return true;
}

static const struct ip6_prefix everything;

void
ha_adopted_done(struct ha_adopted *a)
{
	trie_overlaps(&a->by_dst, &everything, free_plan, NULL);
	trie_done(&a->by_dst);
}

/* ---- taking ---- */

static bool
is_ours(const struct kobj *o, const struct ha_policy *policy)
{
	return o->kind == KOBJ_ROUTE && o->route.type == KOBJ_UNICAST &&
	       o->route.table == policy->table && o->route.metric == HA_METRIC_BOUND &&
	       o->route.dev.kind == KOBJ_DEV_TUNNEL &&
	       ip6_equal(&o->route.dev.tunnel.local, &policy->address);
}

static int
take(struct ha_adopted *a, struct want *want, const struct kobj *o)
{
	struct plan *held = calloc(1, sizeof(*held)), next = { 0 };
	int r = -ENOMEM;

	if (!held)
		return -ENOMEM;
	plan_tunnel(&next, &o->route.dev.tunnel);
	plan_add(&next, o);
	if (!next.bad)
		r = trie_add(&a->by_dst, &o->route.dst, held);
	if (r == 0) {
		r = want_change(want, held, &next, NULL);
		if (r < 0)
			(void)trie_remove(&a->by_dst, &o->route.dst);
	}
	plan_done(&next);
	if (r < 0)
		free(held);
	return r == -EEXIST ? 0 : r;
}

int
ha_adopted_take(struct ha_adopted *a, struct want *want, const struct ha_policy *policy,
    const struct ha_table *table, const struct plan *found, mono_t until)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < found->n; i++) {
		const struct kobj *o = &found->v[i];

		if (is_ours(o, policy) && ha_table_has(table, &o->route.dst))
			r = take(a, want, o);
	}
	if (a->by_dst.n > 0)
		a->until = until;
	return r;
}

/* ---- letting go ---- */

struct first {			       /* the first adopted route that is to go */
	const struct ha_table *served; /* NULL: any */
	struct ip6_prefix dst;
	bool found;
};

static bool
find_first(void *ctx, const struct ip6_prefix *dst, void *value)
{
	struct first *f = ctx;

	(void)value;
	if (f->served && ha_table_has(f->served, dst))
		return true;
	f->dst = *dst;
	f->found = true;
	return false;
}

/* Clearing is not refused; what the kernel would not let go of, want keeps in mind. */
static void
let_go(struct ha_adopted *a, struct want *want, const struct ip6_prefix *dst)
{
	struct plan *held = trie_remove(&a->by_dst, dst), none = { 0 };

	(void)want_change(want, held, &none, NULL);
	plan_done(&none);
	free_plan(NULL, dst, held);
	if (a->by_dst.n == 0)
		a->until = MONO_NEVER;
}

void
ha_adopted_yield(struct ha_adopted *a, struct want *want, const struct ip6_prefix *dst)
{
	if (trie_get(&a->by_dst, dst))
		let_go(a, want, dst);
}

/* A walk must not change the trie: so one at a time. */
void
ha_adopted_sift(struct ha_adopted *a, struct want *want, const struct ha_table *served)
{
	struct first f;

	do {
		f = (struct first){ .served = served };
		trie_overlaps(&a->by_dst, &everything, find_first, &f);
		if (f.found)
			let_go(a, want, &f.dst);
	} while (f.found);
}
