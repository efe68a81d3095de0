/* mr_radv.c - see mr_core.h: frames from and to guests (RFC 4861 6.2, 7.2.6). */
#include <string.h>

#include "mrd/mr_core.h"

static const struct in6_addr all_nodes = { { { 0xff, 0x02, [15] = 0x01 } } };

/* xorshift32: spreads advertisements in time, and is good for nothing else. */
uint32_t
mr_random(struct mr *mr)
{
	mr->random ^= mr->random << 13;
	mr->random ^= mr->random >> 17;
	mr->random ^= mr->random << 5;
	return mr->random;
}

/* To the group, in a frame to one MAC alone (RFC 6085). */
static struct nd_path
path_to(const struct mr *mr, const struct nd_mac *mac)
{
	return (struct nd_path){
		.from = mr->conf.gateway.mac,
		.to = *mac,
		.src = mr->conf.gateway.address,
		.dst = all_nodes,
	};
}

static void
emit(struct mr *mr, const struct mr_guest *g, const struct wire_writer *w, int made,
    enum mr_count count)
{
	if (made < 0 || mr->ops->frame(mr->ctx, g->conf.link, w->base, w->pos) < 0)
		mr->count[MR_N_FRAME_FAILED]++;
	else
		mr->count[count]++;
}

static uint32_t
tunnel_mtu(const struct mr *mr, const struct mr_guest *g)
{
	struct kobj_tunnel t = { .local = mr->host.careof, .remote = g->reg.with.home_agent };

	return ip6_is_any(&t.local) || ip6_is_any(&t.remote) ? 0 : mr->ops->mtu(mr->ctx, &t);
}

void
mr_radv_send(struct mr *mr, struct mr_guest *g)
{
	uint8_t frame[ND_FRAME_MAX];
	struct nd_ra ra;

	mr_gateway_ra(&mr->conf.gateway, &g->conf, tunnel_mtu(mr, g), g->withdrawn, &ra);
	mr_gateway_ra_former(&mr->conf.gateway, g->former, g->formers, &ra);
	for (unsigned i = 0; i < g->conf.macs; i++) {
		struct wire_writer w = { .base = frame, .len = sizeof(frame) };
		struct nd_path path = path_to(mr, &g->conf.mac[i]);

		emit(mr, g, &w, nd_ra_put(&w, &path, &ra), MR_N_RA_SENT);
	}
}

/* RFC 4861 7.2.6: the gateway is here now. R and O set, S clear. */
static void
announce(struct mr *mr, struct mr_guest *g)
{
	const struct mr_gateway_conf *gw = &mr->conf.gateway;
	uint8_t frame[ND_FRAME_MAX];

	for (unsigned i = 0; i < g->conf.macs; i++) {
		struct wire_writer w = { .base = frame, .len = sizeof(frame) };
		struct nd_path path = path_to(mr, &g->conf.mac[i]);

		emit(mr, g, &w, nd_na_put(&w, &path, &gw->address, &gw->mac, ND_NA_R | ND_NA_O),
		    MR_N_NA_SENT);
	}
}

void
mr_radv_tick(struct mr *mr, struct mr_guest *g, mono_t now)
{
	unsigned send;

	if (!mono_reached(now, mr_gateway_due(&g->gateway)))
		return;
	send = mr_gateway_tick(&g->gateway, &mr->conf.gateway, now, mr_random(mr));
	if (send & MR_GATEWAY_NA)
		announce(mr, g);
	if (send & MR_GATEWAY_RA)
		mr_radv_send(mr, g);
}

static struct mr_guest *
guest_by_mac(const struct mr *mr, const char *dev, const struct nd_mac *mac)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (g->state != MR_RUNNING || strcmp(g->conf.link, dev) != 0)
			continue;
		for (unsigned i = 0; i < g->conf.macs; i++) {
			if (memcmp(&g->conf.mac[i], mac, sizeof(*mac)) == 0)
				return g;
		}
	}
	return NULL;
}

void
mr_frame(struct mr *mr, const char *dev, const uint8_t *p, size_t n, const struct tick *now)
{
	struct in6_addr src;
	struct mr_guest *g;
	struct nd_mac mac;

	if (strcmp(dev, mr->host.uplink) == 0) {
		mr_uplink_frame(mr, p, n, now);
		mr_settle(mr, now);
		return;
	}
	if (nd_rs_get(p, n, &mac, &src) < 0) {
		mr_dropped(mr, MR_N_FRAME_MALFORMED, NULL);
		return;
	}
	g = guest_by_mac(mr, dev, &mac);
	if (!g)
		mr_dropped(mr, MR_N_RS_STRANGER, &src);
	else if (!mr_gateway_solicited(&g->gateway, now->now))
		mr_dropped(mr, MR_N_RS_LIMITED, &src);
	else
		mr_radv_send(mr, g);
	mr_settle(mr, now);
}
