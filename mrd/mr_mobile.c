/*
 * mr_mobile.c - see mr_core.h: ICMPv6 messages of Mobile IPv6. Home agents are asked for
 * (RFC 6275 11.4.1), and those found are the ones that guests are registered with.
 */
#include <errno.h>

#include "mrd/mr_core.h"

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

void
mr_mobile(struct mr *mr, const struct ip6_mh_packet *p, const struct tick *now)
{
	struct wire_reader r = { .base = p->icmp6, .len = p->icmp6_len };
	struct icmp6_dhaad reply;

	if (icmp6_dhaad_get(&r, &reply) < 0)
		mr_dropped(mr, MR_N_MOBILE_UNEXPECTED, &p->src);
	else
		take_reply(mr, p, &reply, now);
	mr_settle(mr, now);
}
