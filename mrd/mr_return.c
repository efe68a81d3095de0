/* mr_return.c - see mr_core.h: guests on their home link (RFC 6275 11.5.5, RFC 3963 5.8). */
#include <string.h>

#include "mrd/mr_core.h"

static const struct in6_addr all_nodes = { { { 0xff, 0x02, [15] = 0x01 } } };

/* ---- frames on the uplink ---- */

static void
emit(struct mr *mr, const struct wire_writer *w, int made, enum mr_count count)
{
	if (made < 0 || mr->ops->frame(mr->ctx, mr->host.uplink, w->base, w->pos) < 0)
		mr->count[MR_N_FRAME_FAILED]++;
	else
		mr->count[count]++;
}

/*
 * M-62: for the Home Address itself, and from nobody: the home agent answers for it, and
 * so tells its own MAC. The Home Address must not be used before the Binding Update.
 */
static void
solicit(struct mr *mr, const struct mr_guest *g)
{
	uint8_t frame[ND_FRAME_MAX];
	struct wire_writer w = { .base = frame, .len = sizeof(frame) };
	struct nd_path path = { .dst = nd_solicited_node(&g->conf.home_address) };

	path.to = nd_group_mac(&path.dst);
	if (mr->ops->mac(mr->ctx, mr->host.uplink, &path.from) < 0)
		mr->count[MR_N_FRAME_FAILED]++;
	else
		emit(mr, &w, nd_ns_put(&w, &path, &g->conf.home_address), MR_N_NS_SENT);
}

/* M-63: the Home Address is here again. R: it is a router's. */
static void
announce(struct mr *mr, const struct mr_guest *g)
{
	uint8_t frame[ND_FRAME_MAX];
	struct wire_writer w = { .base = frame, .len = sizeof(frame) };
	struct nd_path path = { .src = g->conf.home_address, .dst = all_nodes };

	path.to = nd_group_mac(&path.dst);
	if (mr->ops->mac(mr->ctx, mr->host.uplink, &path.from) < 0)
		mr->count[MR_N_FRAME_FAILED]++;
	else
		emit(mr, &w,
		    nd_na_put(&w, &path, &g->conf.home_address, &path.from, ND_NA_R | ND_NA_O),
		    MR_N_NA_SENT);
}

/* ---- where a guest is ---- */

static void
do_act(struct mr *mr, struct mr_guest *g, enum mr_homing_act act, const struct tick *now)
{
	switch (act) {
	case MR_HOMING_NOTHING:
		break;
	case MR_HOMING_SOLICIT:
		mr_reg_careof(&g->reg, &in6addr_any, now);
		solicit(mr, g);
		break;
	case MR_HOMING_RETURN:
		/* Acknowledgements come to it without a routing header (M-24). */
		(void)mr->ops->listen(mr->ctx, &g->conf.home_address, true);
		(void)mr_apply(mr, g, now->now); /* tried again */
		mr_reg_return(&g->reg, &g->conf.home_address, now);
		break;
	case MR_HOMING_ANNOUNCE:
		announce(mr, g);
		break;
	}
}

void
mr_displace(struct mr *mr, struct mr_guest *g)
{
	if (g->homing.phase == MR_AT_HOME)
		(void)mr->ops->listen(mr->ctx, &g->conf.home_address, false);
	g->dirty = g->dirty || g->homing.phase != MR_ABROAD;
	mr_homing_init(&g->homing);
}

void
mr_place(struct mr *mr, struct mr_guest *g, const struct tick *now)
{
	const struct mr_home *home = &mr->host.home;
	bool is_leaving = g->state == MR_LEAVING;

	if (mr_guest_is_here(g) && mr_home_has(home, &g->conf.home_address, now->now)) {
		bool known = mr_home_mac(home, &g->reg.with.home_agent) != NULL;

		do_act(mr, g, mr_homing_begin(&g->homing, known, now->now), now);
		return;
	}
	if (!(g->homing.phase == MR_ABROAD || (g->homing.phase == MR_LEFT && is_leaving))) {
		bool left = g->homing.phase == MR_AT_HOME && is_leaving;

		mr_displace(mr, g);
		if (left)
			g->homing.phase = MR_LEFT;
	}
	/* Routes and tunnel first: then the Binding Update, if there is one. */
	if (!ip6_equal(&g->reg.careof, &mr->host.careof))
		(void)mr_apply(mr, g, now->now); /* tried again */
	mr_reg_careof(&g->reg, &mr->host.careof, now);
}

void
mr_place_all(struct mr *mr, const struct tick *now)
{
	struct mr_guest *g, *next;

	mr->home_over = mr_home_due(&mr->host.home, now->now);
	HASH_ITER (hh, mr->guests.by_name, g, next)
		mr_place(mr, g, now);
}

void
mr_return_tick(struct mr *mr, struct mr_guest *g, const struct tick *now)
{
	do_act(mr, g, mr_homing_tick(&g->homing, now->now), now);
}

/* ---- what is heard on the uplink ---- */

/* Everybody who waits for this home agent's MAC. */
static void
go_on(struct mr *mr, const struct in6_addr *agent, const struct tick *now)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (ip6_equal(&g->reg.with.home_agent, agent))
			do_act(mr, g, mr_homing_answered(&g->homing), now);
	}
}

/* The answer to solicit(), and nothing else. */
static void
take_neighbour(struct mr *mr, const struct nd_na *na, const struct tick *now)
{
	struct mr_guest *g = mr_guests_by_home(&mr->guests, &na->target);

	if (!g || g->homing.phase != MR_ASKING || !na->has_mac)
		return;
	mr_home_neighbour(&mr->host.home, &g->reg.with.home_agent, &na->mac);
	go_on(mr, &g->reg.with.home_agent, now);
}

static void
take_router(
    struct mr *mr, const struct nd_path *path, const struct nd_ra *ra, const struct tick *now)
{
	for (unsigned i = 0; i < mr->agents.n; i++) {
		if (!mr_home_advertised(&mr->host.home, path, ra, &mr->agents.v[i], now->now))
			continue;
		go_on(mr, &mr->agents.v[i], now);
		mr_place_all(mr, now);
		return;
	}
}

void
mr_uplink_frame(struct mr *mr, const uint8_t *p, size_t n, const struct tick *now)
{
	struct nd_path path;
	struct nd_na na;
	struct nd_ra ra;

	if (nd_ra_get(p, n, &path, &ra) == 0)
		take_router(mr, &path, &ra, now);
	else if (nd_na_get(p, n, &path, &na) == 0)
		take_neighbour(mr, &na, now);
}
