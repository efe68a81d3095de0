/*
 * mr_mobile.c - see mr_core.h: ICMPv6 messages of Mobile IPv6. Home agents are asked for
 * (RFC 6275 11.4.1), and those found are the ones that guests are registered with. Of them
 * it is asked how long a guest's home prefix lives (11.4.2, 11.4.3).
 */
#include <errno.h>

#include "mrd/mr_core.h"

/* ---- home agents ---- */

static int
send_request(struct mr *mr, const struct icmp6_dhaad *request)
{
	struct ip6_icmp6_out out = { .src = mr->host.careof };
	uint8_t octets[64];
	struct wire_writer w = { .base = octets, .len = sizeof(octets) };
	int r;

	if (!ip6_home_agents_anycast(&mr->discover.home, &out.dst))
		return -EINVAL;
	r = icmp6_dhaad_put(&w, request, &out.src, &out.dst);
	if (r < 0)
		return r;
	out.icmp6 = octets;
	out.icmp6_len = w.pos;
	return mr->ops->icmp6(mr->ctx, &out);
}

void
mr_discover_run(struct mr *mr, mono_t now)
{
	struct icmp6_dhaad request;

	if (ip6_is_any(&mr->host.careof))
		return;
	if (mr->found.n == 0 && mr->agents.n == 0)
		mr_discover_want(&mr->discover, now);
	if (!mr_discover_tick(&mr->discover, now, mr_random(mr), &request))
		return;
	/* As good as lost on the way: it is sent again. */
	mr->count[send_request(mr, &request) < 0 ? MR_N_DISCOVERY_FAILED : MR_N_DISCOVERY_SENT]++;
}

mono_t
mr_discover_next(const struct mr *mr)
{
	return ip6_is_any(&mr->host.careof) ? MONO_NEVER : mr_discover_due(&mr->discover);
}

static void
take_reply(struct mr *mr, const struct ip6_mh_packet *p, const struct icmp6_dhaad *reply,
    const struct tick *now)
{
	struct mr_event e = { .kind = MR_EVENT_DISCOVERED };
	struct mr_agents found;

	switch (mr_discover_answer(&mr->discover, reply, now->now, &found)) {
	case MR_DISCOVERED_UNASKED:
		mr_dropped(mr, MR_N_DISCOVERY_UNASKED, &p->src);
		return;
	case MR_DISCOVERED_NONE:
		mr_dropped(mr, MR_N_DISCOVERY_USELESS, &p->src);
		return;
	case MR_DISCOVERED:
		break;
	}
	mr->found = found;
	if (mr_take_agents(mr)) {
		mr->ops->event(mr->ctx, &e);
		mr_choose_changed(mr, now);
	}
}

/* ---- home prefixes ---- */

/* nothing is sent for a guest that is suspended. At home others tell it. */
static bool
may_solicit(const struct mr_guest *g)
{
	const struct mr_reg *reg = &g->reg;

	return reg->state == MR_REG_BOUND && !reg->held && !reg->home && !ip6_is_any(&reg->careof);
}

static int
send_solicitation(struct mr *mr, const struct mr_guest *g, const struct icmp6_mps *mps)
{
	struct ip6_icmp6_out out = { .src = g->reg.careof,
		.dst = g->reg.with.home_agent,
		.with_hao = true,
		.home = g->conf.home_address };
	uint8_t octets[64];
	struct wire_writer w = { .base = octets, .len = sizeof(octets) };
	int r = icmp6_mps_put(&w, mps, &out.home, &out.dst);

	if (r < 0)
		return r;
	out.icmp6 = octets;
	out.icmp6_len = w.pos;
	return mr->ops->icmp6(mr->ctx, &out);
}

/* M-51, and a home address that is about to become invalid (RFC 6275 11.4.2). */
void
mr_prefix_registered(struct mr_guest *g, mono_t now)
{
	const struct mr_reg *reg = &g->reg;

	if ((reg->answered && reg->last_status == MH_ACCEPTED_PREFIX_DISCOVERY) ||
	    mr_reg_is_limited(reg, now))
		mr_prefix_want(&g->home_prefix, now);
}

mono_t
mr_prefix_next(const struct mr_guest *g)
{
	return may_solicit(g) ? mr_prefix_due(&g->home_prefix) : MONO_NEVER;
}

void
mr_prefix_run(struct mr *mr, struct mr_guest *g, mono_t now)
{
	struct icmp6_mps mps;

	if (!mono_reached(now, mr_prefix_next(g)) ||
	    !mr_prefix_tick(&g->home_prefix, now, mr_random(mr), &mps))
		return;
	/* As good as lost on the way: it is sent again. */
	mr->count[send_solicitation(mr, g, &mps) < 0 ? MR_N_PREFIX_FAILED : MR_N_PREFIX_SENT]++;
}

/* RFC 6275 11.4.3, its three tests in their order. */
static void
take_advertisement(struct mr *mr, const struct ip6_mh_packet *p, const struct icmp6_mpa *mpa,
    const struct tick *now)
{
	struct mr_event e = { .kind = MR_EVENT_PREFIX };
	struct mr_guest *g = mr_addressee(mr, p);
	mono_t valid_until;

	if (!g)
		return;
	if (!p->has_rh2) {
		mr_dropped(mr, MR_N_MH_NO_HOME, &p->src);
		return;
	}
	switch (
	    mr_prefix_answer(&g->home_prefix, mpa, &g->conf.home_address, now->now, &valid_until)) {
	case MR_PREFIX_UNASKED:
		mr_dropped(mr, MR_N_PREFIX_UNASKED, &p->src);
		if (may_solicit(g))
			mr_prefix_want(&g->home_prefix, now->now);
		return;
	case MR_PREFIX_OTHERS:
		mr_dropped(mr, MR_N_PREFIX_OTHERS, &p->src);
		return;
	case MR_PREFIX_LEARNT:
		break;
	}
	mr->count[MR_N_PREFIX_LEARNT]++;
	mr_reg_learnt(&g->reg, valid_until, now);
	e.guest = g;
	mr->ops->event(mr->ctx, &e);
}

/* ---- both ---- */

void
mr_mobile(struct mr *mr, const struct ip6_mh_packet *p, const struct tick *now)
{
	struct wire_reader r = { .base = p->icmp6, .len = p->icmp6_len };
	struct wire_reader again = r;
	struct icmp6_dhaad reply;
	struct icmp6_mpa mpa;

	if (icmp6_dhaad_get(&r, &reply) == 0)
		take_reply(mr, p, &reply, now);
	else if (icmp6_mpa_get(&again, &mpa) == 0)
		take_advertisement(mr, p, &mpa, now);
	else
		mr_dropped(mr, MR_N_MOBILE_UNEXPECTED, &p->src);
	mr_settle(mr, now);
}
