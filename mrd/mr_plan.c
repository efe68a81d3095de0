/* mr_plan.c - see mr_plan.h. */
#include "mrd/mr_plan.h"

#include <string.h>

/* What all the functions below work on. */
struct sketch {
	const struct mr_guest *g;
	const struct mr_host *host;
	struct plan *plan;
	struct in6_addr via; /* the guest's next hop; ::, on-link */
};

static struct kobj_tunnel
tunnel_from(const struct in6_addr *careof, const struct in6_addr *home_agent)
{
	struct kobj_tunnel t;

	memset(&t, 0, sizeof(t));
	t.local = *careof;
	t.remote = *home_agent;
	return t;
}

static void
add_route(const struct sketch *s, uint32_t table, const struct ip6_prefix *dst, uint32_t metric,
    enum kobj_route_type type, const struct kobj_dev *dev)
{
	struct kobj_route r;

	memset(&r, 0, sizeof(r));
	r.table = s->host->table_base + table;
	r.dst = *dst;
	r.metric = metric;
	r.type = type;
	if (dev)
		r.dev = *dev;
	if (dev && dev->kind == KOBJ_DEV_LINK)
		r.via = s->via;
	plan_route(s->plan, &r);
}

static void
add_plain_rule(const struct sketch *s, enum mr_rule rule, const struct ip6_prefix *from,
    const struct kobj_dev *iif, uint32_t table)
{
	struct kobj_rule r;

	memset(&r, 0, sizeof(r));
	r.priority = s->host->rule_priority + (uint32_t)rule;
	if (from)
		r.from = *from;
	if (iif)
		r.iif = *iif;
	r.table = table;
	plan_rule(s->plan, &r);
}

/* To one of our own tables. */
static void
add_rule(const struct sketch *s, enum mr_rule rule, const struct ip6_prefix *from,
    const struct kobj_dev *iif, uint32_t table)
{
	add_plain_rule(s, rule, from, iif, s->host->table_base + table);
}

/*
 * RFC 6275 11.5.5: at home, until the Binding Update is on its way the Home Address is not
 * used on the link, and from then on it is: prefixes are routed as anybody's.
 */
static bool
is_at_home(const struct sketch *s)
{
	return s->g->homing.phase == MR_AT_HOME;
}

static bool
is_plain(const struct sketch *s)
{
	const struct mr_reg *reg = &s->g->reg;

	return is_at_home(s) &&
	       (reg->state == MR_REG_HOME || (reg->state == MR_REG_RETURNING && reg->sends > 0));
}

/*
 * N-37: a decapsulated packet is taken only if it is for this guest. What comes out
 * is looked up in the table `in` alone, and never goes back out of a tunnel.
 */
static void
add_tunnel(const struct sketch *s, const struct in6_addr *careof, const struct in6_addr *home_agent,
    bool late, enum mr_table table)
{
	const struct mr_guest_conf *conf = &s->g->conf;
	struct kobj_pass pass;
	struct kobj_dev dev;

	if (ip6_is_any(careof) || ip6_is_any(home_agent))
		return;
	memset(&pass, 0, sizeof(pass));
	pass.tunnel = tunnel_from(careof, home_agent);
	pass.side = KOBJ_DESTINATION;
	pass.late = late;
	plan_tunnel(s->plan, &pass.tunnel);
	for (unsigned i = 0; i < conf->prefixes; i++) {
		pass.prefix = conf->prefix[i];
		plan_pass(s->plan, &pass);
	}
	if (mr_guest_home_is_apart(conf)) {
		pass.prefix = ip6_host(&conf->home_address);
		plan_pass(s->plan, &pass);
	}
	dev = kobj_tunnel_dev(&pass.tunnel);
	add_rule(s, MR_RULE_TUNNEL, NULL, &dev, table);
}

/* The tunnel in use, and those that were in use before this address or home agent. */
static void
add_tunnels(const struct sketch *s, bool leaving)
{
	const struct in6_addr *agent = &s->g->reg.with.home_agent;

	if (s->g->homing.phase != MR_ASKING && !is_at_home(s)) /* at home it needs none */
		add_tunnel(s, &s->host->careof, agent, leaving, MR_TABLE_IN);
	add_tunnel(s, &s->host->late_careof, agent, true, MR_TABLE_IN);
	if (!ip6_equal(&s->g->late_agent, agent))
		add_tunnel(s, &s->host->careof, &s->g->late_agent, true, MR_TABLE_IN);
}

/*
 * what comes for a guest that has stopped here goes after it, by a tunnel that
 * lets nothing in. False: nobody is to get it.
 */
static bool
add_onward(const struct sketch *s, struct kobj_dev *ret_dev)
{
	const struct in6_addr *onward = mr_hand_onward(&s->g->hand);
	struct kobj_tunnel tunnel;

	if (!onward || ip6_is_any(&s->host->careof))
		return false;
	tunnel = tunnel_from(&s->host->careof, onward);
	plan_tunnel(s->plan, &tunnel);
	*ret_dev = kobj_tunnel_dev(&tunnel);
	return true;
}

/* One route per prefix of the guest. */
static void
add_routes(const struct sketch *s, uint32_t table, uint32_t metric, enum kobj_route_type type,
    const struct kobj_dev *dev)
{
	for (unsigned i = 0; i < s->g->conf.prefixes; i++)
		add_route(s, table, &s->g->conf.prefix[i], metric, type, dev);
}

/*
 * what came too late to the guest's former host. It goes to the guest, and nowhere
 * else whatever becomes of it here: so it has a table of its own.
 */
static void
add_source(const struct sketch *s, const struct kobj_dev *link)
{
	static const struct ip6_prefix everything;
	const struct in6_addr *source = &s->g->hand.source;

	if (ip6_is_any(source) || ip6_equal(source, &s->g->reg.with.home_agent))
		return;
	add_tunnel(s, &s->host->careof, source, true, MR_TABLE_LATE);
	add_routes(s, MR_TABLE_LATE, MR_METRIC, KOBJ_UNICAST, link);
	add_route(s, MR_TABLE_LATE, &everything, MR_METRIC_LAST, KOBJ_UNREACHABLE, NULL);
}

/* N-27: the tunnel is used only once the home agent has said that it forwards. */
static void
add_default(const struct sketch *s, uint32_t table)
{
	static const struct ip6_prefix everything;
	struct kobj_tunnel tunnel = tunnel_from(&s->host->careof, &s->g->reg.with.home_agent);
	struct kobj_dev dev = kobj_tunnel_dev(&tunnel);

	enum mr_reg_state state = s->g->reg.state;

	/* The home agent expects it here, and takes what it sends before it is registered. */
	if (s->g->hand.expected && (state == MR_REG_IDLE || state == MR_REG_WAITING))
		state = MR_REG_BOUND;
	switch (state) {
	case MR_REG_BOUND:
		if (!ip6_is_any(&s->host->careof)) {
			add_route(s, table, &everything, MR_METRIC, KOBJ_UNICAST, &dev);
			return;
		}
		break;
	case MR_REG_LAPSED:
	case MR_REG_REFUSED:
	case MR_REG_STOPPED:
	case MR_REG_BARRED:
	case MR_REG_UNROUTED:
		add_route(s, table, &everything, MR_METRIC, KOBJ_UNREACHABLE, NULL);
		return;
	case MR_REG_IDLE:
	case MR_REG_WAITING:
	case MR_REG_LEAVING:
	case MR_REG_RETURNING:
	case MR_REG_HOME:
	case MR_REG_STATES:
		break;
	}
	add_route(s, table, &everything, MR_METRIC, KOBJ_BLACKHOLE, NULL);
}

/*
 * What the guest sends. N-38: from its link only its own sources find the tunnel;
 * any other ends in a table that leads nowhere. Its Home Address answers from here.
 */
static void
add_guest_table(const struct sketch *s, const struct kobj_dev *link)
{
	static const struct ip6_prefix everything;
	const struct mr_guest_conf *conf = &s->g->conf;
	const struct kobj_dev self = kobj_link("lo");
	const struct ip6_prefix home = ip6_host(&conf->home_address);
	const uint32_t table = MR_TABLE_GUEST + s->g->index;
	const uint32_t own = s->host->table_base + table;

	add_routes(s, table, MR_METRIC, KOBJ_UNICAST, link);
	add_default(s, table);
	for (unsigned i = 0; i < conf->prefixes; i++) {
		add_plain_rule(
		    s, MR_RULE_GUEST, &conf->prefix[i], link, is_plain(s) ? KOBJ_TABLE_MAIN : own);
		if (s->host->local_delivery)
			add_rule(s, MR_RULE_LOCAL, &conf->prefix[i], link, MR_TABLE_LIVE);
	}
	add_plain_rule(s, MR_RULE_GUEST, &home, &self, is_at_home(s) ? KOBJ_TABLE_MAIN : own);
	add_route(s, MR_TABLE_SPOOF, &everything, MR_METRIC, KOBJ_UNREACHABLE, NULL);
	add_rule(s, MR_RULE_SPOOF, NULL, link, MR_TABLE_SPOOF);
}

/*
 * Acknowledgements carry it in their routing header (RFC 6275 6.4), at home as destination.
 * There it answers solicitations while the guest runs; not while it is suspended, when the
 * home agent may test for another host whether it is free (M-17).
 */
static void
add_home_address(const struct sketch *s)
{
	const struct mr_guest *g = s->g;
	bool answers = is_plain(s) && g->state == MR_RUNNING;
	const struct nd_mac *mac = mr_home_mac(&s->host->home, &g->reg.with.home_agent);

	plan_address(s->plan, answers ? s->host->uplink : "lo", &g->conf.home_address, true);
	if (g->reg.state == MR_REG_RETURNING && mac)
		plan_neighbour(s->plan, s->host->uplink, &g->reg.with.home_agent, mac);
}

/* Incoming, running or suspended. */
static void
add_here(struct sketch *s)
{
	const struct mr_guest_conf *conf = &s->g->conf;
	const struct kobj_dev link = kobj_link(conf->link);
	struct kobj_dev to = link;

	add_home_address(s);
	plan_proxy(s->plan, conf->link, &conf->home_address);
	/*
	 * One MAC: a next hop of its own, never to be asked for, so that packets for a
	 * paused guest wait in its port's queue. Of several, nobody knows which it is.
	 */
	if (conf->macs == 1) {
		s->via = nd_linklocal(&conf->mac[0]);
		plan_neighbour(s->plan, conf->link, &s->via, &conf->mac[0]);
	}
	add_tunnels(s, false);
	if (s->g->state != MR_SUSPENDED || !add_onward(s, &to))
		add_source(s, &link);
	add_routes(s, MR_TABLE_IN, MR_METRIC, KOBJ_UNICAST, &to);
	add_guest_table(s, &link);
	if (s->g->state == MR_INCOMING)
		return;
	add_routes(s, MR_TABLE_LIVE, MR_METRIC, KOBJ_UNICAST, &to);
	add_rule(s, MR_RULE_LIVE, NULL, NULL, MR_TABLE_LIVE);
}

void
mr_plan(const struct mr_guest *g, const struct mr_host *host, struct plan *plan)
{
	static const struct ip6_prefix everything;
	struct sketch s = { .g = g, .host = host, .plan = plan };

	if (mr_guest_is_here(g)) {
		add_here(&s);
	} else if (g->state == MR_LEAVING) {
		/* late packets are caught, and go after it, or nowhere. */
		struct kobj_dev to;

		add_tunnels(&s, true);
		if (add_onward(&s, &to))
			add_routes(&s, MR_TABLE_IN, MR_METRIC, KOBJ_UNICAST, &to);
		else
			add_routes(&s, MR_TABLE_IN, MR_METRIC, KOBJ_BLACKHOLE, NULL);
		if (g->homing.phase == MR_LEFT) { /* to here without a tunnel */
			add_routes(&s, MR_TABLE_LIVE, MR_METRIC, KOBJ_BLACKHOLE, NULL);
			add_rule(&s, MR_RULE_LIVE, NULL, NULL, MR_TABLE_LIVE);
		}
	}
	add_routes(&s, MR_TABLE_IN, MR_METRIC_LAST, KOBJ_UNREACHABLE, NULL);
	if (g->state != MR_ABSENT)
		add_route(&s, MR_TABLE_IN, &everything, MR_METRIC_LAST, KOBJ_UNREACHABLE, NULL);
}
