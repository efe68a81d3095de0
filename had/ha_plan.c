/* ha_plan.c - see ha_plan.h. */
#include "had/ha_plan.h"

#include <errno.h>
#include <string.h>

static void
add_pass(struct plan *p, const struct kobj_tunnel *t, enum kobj_side side,
    const struct ip6_prefix *prefix, bool late)
{
	struct kobj_pass pass;

	memset(&pass, 0, sizeof(pass)); /* compared with memcmp: padding too */
	pass.tunnel = *t;
	pass.side = side;
	pass.prefix = *prefix;
	pass.late = late;
	plan_pass(p, &pass);
}

static void
add_route(struct plan *p, uint32_t table, const struct ip6_prefix *dst, const struct kobj_tunnel *t)
{
	struct kobj_route route;

	memset(&route, 0, sizeof(route));
	route.table = table;
	route.dst = *dst;
	route.metric = t ? HA_METRIC_BOUND : HA_METRIC_UNREACHABLE;
	route.type = t ? KOBJ_UNICAST : KOBJ_UNREACHABLE;
	if (t)
		route.dev = kobj_tunnel_dev(t);
	plan_route(p, &route);
}

/* from there still (source), and back from there (destination). */
static void
add_late(struct plan *p, const struct kobj_tunnel *t, const struct ip6_prefix *claims, uint8_t n)
{
	plan_tunnel(p, t);
	for (uint8_t i = 0; i < n; i++) {
		add_pass(p, t, KOBJ_SOURCE, &claims[i], true);
		add_pass(p, t, KOBJ_DESTINATION, &claims[i], true);
	}
}

void
ha_plan(struct plan *p, const struct ha_policy *policy, const struct ha_reg *reg,
    const struct ha_late *late, uint8_t lates)
{
	struct kobj_tunnel tunnel = { .local = policy->address, .remote = reg->coa };
	struct ip6_prefix claims[HA_CLAIMS_MAX];
	uint8_t n = ha_reg_claims(reg, claims);

	/*
	 * In this order no packet meets a closed door while one plan replaces another: where
	 * the way back decides who may come (kern_filter.c), whoever loses it is let in as
	 * late before, and whoever gets it is late until after.
	 */
	plan_tunnel(p, &tunnel);
	for (uint8_t i = 0; i < lates; i++) {
		struct kobj_tunnel old = { .local = policy->address, .remote = late[i].coa };

		add_late(p, &old, claims, n);
	}
	for (uint8_t i = 0; i < n; i++)
		add_route(p, policy->table, &claims[i], &tunnel);
	for (uint8_t i = 0; i < n; i++)
		add_pass(p, &tunnel, KOBJ_SOURCE, &claims[i], false);
}

struct underneath {
	struct plan *p;
	const struct ha_policy *policy;
	struct trie seen; /* several rows may share a prefix: one route is enough */
};

static void
add_underneath(struct underneath *u, const struct ip6_prefix *dst)
{
	int r;

	if (ha_link_covers(u->policy, dst))
		return;
	r = trie_add(&u->seen, dst, u->p);
	if (r == -EEXIST)
		return;
	if (r < 0)
		u->p->bad = true;
	add_route(u->p, u->policy->table, dst, NULL);
}

static void
add_each(struct underneath *u, const struct ip6_prefix *v, uint8_t n)
{
	for (uint8_t i = 0; i < n; i++)
		add_underneath(u, &v[i]);
}

void
ha_plan_underneath(struct plan *p, const struct ha_policy *policy, const struct ha_table *t)
{
	struct underneath u = { .p = p, .policy = policy };

	trie_init(&u.seen);
	for (size_t i = 0; i < t->ranges; i++) {
		add_each(&u, t->range[i]->prefix, t->range[i]->prefixes);
		add_each(&u, t->range[i]->home, t->range[i]->homes);
	}
	for (size_t i = 0; i < t->guests; i++) {
		const struct ha_guest *g = t->guest[i];
		struct ip6_prefix home = ip6_host(&g->hoa);

		add_each(&u, g->prefix, g->n);
		if (!trie_longest(&u.seen, &home))
			add_underneath(&u, &home);
	}
	trie_done(&u.seen);
}
