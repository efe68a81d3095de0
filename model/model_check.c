/* model_check.c - see model.h: the way of a packet through the kernels, and what has to hold. */
#include <stdio.h>
#include <string.h>

#include "common/base/base.h"
#include "model/model.h"

#define TABLE_BASE 5200

/* ---- looking into kernels ---- */

static struct kobj_tunnel
tunnel_of(unsigned local, unsigned remote)
{
	struct kobj_tunnel t;

	memset(&t, 0, sizeof(t));
	t.local = *model_address(local);
	t.remote = *model_address(remote);
	return t;
}

static bool
same_tunnel(const struct kobj_tunnel *a, const struct kobj_tunnel *b)
{
	return ip6_equal(&a->remote, &b->remote) && ip6_equal(&a->local, &b->local);
}

static bool
has_tunnel(const struct plan *k, const struct kobj_tunnel *t)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->v[i].kind == KOBJ_TUNNEL && same_tunnel(&k->v[i].tunnel, t))
			return true;
	}
	return false;
}

static bool
has_pass(const struct plan *k, const struct kobj_tunnel *t, enum kobj_side side, unsigned guest)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct kobj_pass *p = &k->v[i].pass;

		if (k->v[i].kind == KOBJ_PASS && p->side == side && same_tunnel(&p->tunnel, t) &&
		    ip6_prefix_equal(&p->prefix, &model_guest(guest)->prefix))
			return true;
	}
	return false;
}

/* The table that what comes out of this tunnel is looked up in; 0: none of ours. */
static uint32_t
table_for(const struct plan *k, const struct kobj_tunnel *t)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct kobj_rule *r = &k->v[i].rule;

		if (k->v[i].kind == KOBJ_RULE && r->iif.kind == KOBJ_DEV_TUNNEL &&
		    same_tunnel(&r->iif.tunnel, t))
			return r->table;
	}
	return 0;
}

/* The best of equal length, or the default route. */
static const struct kobj_route *
route_to(const struct plan *k, uint32_t table, const struct ip6_prefix *dst)
{
	const struct kobj_route *best = NULL;

	for (size_t i = 0; i < k->n; i++) {
		const struct kobj_route *r = &k->v[i].route;

		if (k->v[i].kind != KOBJ_ROUTE || r->table != table)
			continue;
		if (dst ? !ip6_prefix_equal(&r->dst, dst) : r->dst.len != 0)
			continue;
		if (!best || r->metric < best->metric)
			best = r;
	}
	return best;
}

static enum model_end
follow(const struct plan *k, const struct kobj_route *r, unsigned *ret_next)
{
	if (!r || r->type != KOBJ_UNICAST)
		return MODEL_LOST;
	if (r->dev.kind == KOBJ_DEV_LINK)
		return MODEL_DELIVERED;
	if (!has_tunnel(k, &r->dev.tunnel))
		return MODEL_LOST;
	*ret_next = model_node_of(&r->dev.tunnel.remote);
	return MODEL_SENT_ON;
}

enum model_end
model_arrives(const struct model_host *host, unsigned from, unsigned guest, unsigned *ret_next)
{
	struct kobj_tunnel t = tunnel_of(model_node_of(&host->careof), from);
	const struct plan *k = &host->kernel;
	uint32_t table;

	if (!has_tunnel(k, &t) || !has_pass(k, &t, KOBJ_DESTINATION, guest))
		return MODEL_LOST;
	table = table_for(k, &t);
	if (table == 0)
		return MODEL_LOST;
	return follow(k, route_to(k, table, &model_guest(guest)->prefix), ret_next);
}

unsigned
model_forwards(const struct model_agent *agent, unsigned guest)
{
	const struct kobj_route *r =
	    route_to(&agent->kernel, KOBJ_TABLE_MAIN, &model_guest(guest)->prefix);
	unsigned next;

	return follow(&agent->kernel, r, &next) == MODEL_SENT_ON ? next : MODEL_NOWHERE;
}

bool
model_gets_out(
    const struct model_host *host, const struct model_agent *agent, unsigned host_n, unsigned guest)
{
	struct kobj_tunnel there = tunnel_of(MODEL_HA, host_n);
	const struct ip6_prefix *p = &model_guest(guest)->prefix;
	const struct plan *k = &host->kernel;
	unsigned next;

	if (!has_tunnel(&agent->kernel, &there) ||
	    !has_pass(&agent->kernel, &there, KOBJ_SOURCE, guest))
		return false;
	for (size_t i = 0; i < k->n; i++) {
		const struct kobj_rule *r = &k->v[i].rule;

		if (k->v[i].kind == KOBJ_RULE && r->iif.kind == KOBJ_DEV_LINK &&
		    ip6_prefix_equal(&r->from, p) && r->table >= TABLE_BASE + MR_TABLE_GUEST)
			return follow(k, route_to(k, r->table, NULL), &next) == MODEL_SENT_ON &&
			       next == MODEL_HA;
	}
	return false;
}

/* ---- what has to hold ---- */

static char said[160];

#define BROKEN(...) (snprintf(said, sizeof(said), __VA_ARGS__), said)

/* From host to host, until somebody has it or nobody. */
static const char *
check_way(const struct model_host *host, unsigned from, unsigned at, unsigned guest)
{
	unsigned seen = 0, next;

	while (at < MODEL_HOSTS) {
		enum model_end end;

		if (seen & 1u << at)
			return BROKEN("loop: guest %u, at host %u again", guest, at);
		seen |= 1u << at;
		end = model_arrives(&host[at], from, guest, &next);
		if (end != MODEL_SENT_ON)
			return NULL;
		if (from != MODEL_HA)
			return BROKEN("X-09: host %u sends on what came from host %u, guest %u", at,
			    from, guest);
		from = at;
		at = next;
	}
	return at == MODEL_HA ? BROKEN("loop: guest %u, back to the home agent", guest) : NULL;
}

/* As the kernels are now: wherever a packet is, it is not where it has been. */
const char *
model_check_ways(const struct model_host host[static MODEL_HOSTS], const struct model_agent *agent)
{
	const char *why = NULL;

	(void)agent;
	for (unsigned g = 0; g < MODEL_GUESTS && !why; g++) {
		for (unsigned at = 0; at < MODEL_HOSTS && !why; at++) {
			for (unsigned from = 0; from < MODEL_NODES && !why; from++) {
				if (from != at)
					why = check_way(host, from, at, g);
			}
		}
	}
	return why;
}

static const char *
check_guest(
    const struct model_host *host, const struct model_agent *agent, unsigned guest, unsigned is_on)
{
	unsigned to = model_forwards(agent, guest), next;

	for (unsigned h = 0; h < MODEL_HOSTS; h++) {
		const struct mr_guest *g = mr_find(host[h].mr, model_guest(guest)->name);
		bool serves = model_arrives(&host[h], MODEL_HA, guest, &next) == MODEL_DELIVERED;

		if (h != is_on && (serves || (g && g->reg.state != MR_REG_IDLE)))
			return BROKEN("guest %u: host %u serves it and has it not", guest, h);
		if (h == is_on && !serves)
			return BROKEN("guest %u: host %u does not deliver", guest, h);
		if (h == is_on && g->reg.state != MR_REG_BOUND)
			return BROKEN("guest %u: host %u is not bound", guest, h);
	}
	if (is_on != MODEL_NOWHERE && to != is_on)
		return BROKEN("guest %u: on host %u, the home agent sends to %u", guest, is_on, to);
	if (is_on != MODEL_NOWHERE && !model_gets_out(&host[is_on], agent, is_on, guest))
		return BROKEN("guest %u: on host %u, does not get out", guest, is_on);
	return NULL;
}

/* Exactly one host serves a guest that runs, none one that does not. */
const char *
model_check_served(const struct model_host host[static MODEL_HOSTS],
    const struct model_agent *agent, const unsigned is_on[static MODEL_GUESTS])
{
	const char *why = NULL;

	for (unsigned g = 0; g < MODEL_GUESTS && !why; g++)
		why = check_guest(host, agent, g, is_on[g]);
	return why;
}

/* Between which nodes there are to be tunnels. */
static bool
is_used(unsigned a, unsigned b, const unsigned is_on[static MODEL_GUESTS])
{
	for (unsigned g = 0; g < MODEL_GUESTS; g++) {
		if ((a == is_on[g] && b == MODEL_HA) || (b == is_on[g] && a == MODEL_HA))
			return true;
	}
	return false;
}

static const char *
check_kernel(const struct plan *k, unsigned node, const unsigned is_on[static MODEL_GUESTS])
{
	char text[KOBJ_TEXT_MAX];

	for (size_t i = 0; i < k->n; i++) {
		const struct kobj *o = &k->v[i];
		bool left = false;

		if (o->kind == KOBJ_TUNNEL)
			left = !is_used(node, model_node_of(&o->tunnel.remote), is_on);
		else if (o->kind == KOBJ_PASS)
			left = o->pass.late;
		if (left)
			return BROKEN("node %u: left over: %s", node, kobj_text(o, text));
	}
	return NULL;
}

/* When all graces and waits are over, nothing of a move is left anywhere. */
const char *
model_check_left(const struct model_host host[static MODEL_HOSTS], const struct model_agent *agent,
    const unsigned is_on[static MODEL_GUESTS])
{
	const char *why = check_kernel(&agent->kernel, MODEL_HA, is_on);

	for (unsigned h = 0; h < MODEL_HOSTS && !why; h++)
		why = check_kernel(&host[h].kernel, h, is_on);
	return why;
}
