/* mr.c - see mr.h: plans, care-of address, time. Words are in mr_words.c. */
#include "mrd/mr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "mrd/mr_core.h"

/* ---- kernel, file and timer ---- */

/* The guest's plan as its state is now. What the kernel refuses is tried again. */
int
mr_apply(struct mr *mr, struct mr_guest *g, mono_t now)
{
	struct mr_event e = { .kind = MR_EVENT_KERNEL, .guest = g };
	int r;

	plan_clear(&mr->next);
	mr_plan(g, &mr->host, &mr->next);
	r = mr->next.bad ? -ENOMEM : want_change(mr->want, &g->plan, &mr->next, &e.object);
	g->dirty = r < 0;
	g->retry = r < 0 ? mono_add_ms(now, MR_RETRY_MS) : MONO_NEVER;
	if (r < 0) {
		mr->count[MR_N_PLAN_FAILED]++;
		e.error = r;
		mr->ops->event(mr->ctx, &e);
	}
	return r;
}

static mono_t
guest_due(const struct mr_guest *g)
{
	mono_t due = mono_min(mr_reg_due(&g->reg), mr_gateway_due(&g->gateway));

	/* A de-registration under way is waited for. */
	if (g->reg.state != MR_REG_LEAVING)
		due = mono_min(due, g->over);
	due = mono_min(due, mono_min(g->late_over, g->homing.due));
	due = mono_min(due, mono_min(mr_hand_due(&g->hand), mr_prefix_next(g)));
	return mono_min(due, g->retry);
}

/* A scan: at most guests-max of them, some microseconds, a few times a second. */
mono_t
mr_due(const struct mr *mr)
{
	mono_t due = mono_min(mr->late_over, mr->home_over);
	struct mr_guest *g, *next;

	due = mono_min(due, mr_discover_next(mr));
	HASH_ITER (hh, mr->guests.by_name, g, next)
		due = mono_min(due, guest_due(g));
	return due;
}

void
mr_settle(struct mr *mr, const struct tick *now)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		mr_choose_settle(mr, g, now);
		mr_handover_settle(mr, g);
		mr_prefix_run(mr, g, now->now);
		if (g->dirty && (g->retry.ms == INT64_MAX || mono_reached(now->now, g->retry)))
			(void)mr_apply(mr, g, now->now); /* tried again */
	}
	mr_discover_run(mr, now->now);
	mr->ops->arm(mr->ctx, mr_due(mr));
}

void
mr_all_dirty(struct mr *mr)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		g->dirty = true;
		g->retry = MONO_NEVER;
	}
}

void
mr_dropped(struct mr *mr, enum mr_count count, const struct in6_addr *from)
{
	struct mr_event e = { .kind = MR_EVENT_DROPPED, .count = count };

	mr->count[count]++;
	if (from)
		e.address = *from;
	mr->ops->event(mr->ctx, &e);
}

/* ---- care-of address ---- */

static void
listen_on(struct mr *mr, const struct in6_addr *addr, bool on)
{
	/* A failure shows as missing acknowledgements; the shell has logged its reason. */
	if (!ip6_is_any(addr))
		(void)mr->ops->listen(mr->ctx, addr, on);
}

static void
end_late(struct mr *mr)
{
	if (!ip6_equal(&mr->host.late_careof, &mr->host.careof))
		listen_on(mr, &mr->host.late_careof, false);
	mr->host.late_careof = in6addr_any;
	mr->late_over = MONO_NEVER;
	mr_all_dirty(mr);
}

/*
 * RFC 6275 11.3.1: what is under way to the previous address is still taken, for the
 * grace. Routes and tunnel come first, then every guest's Binding Update (M-43 is
 * counted for each of them, X-04).
 */
static void
move_to(struct mr *mr, const struct in6_addr *careof, const struct tick *now)
{
	struct mr_event e = { .kind = MR_EVENT_CAREOF, .address = *careof };
	struct in6_addr previous = mr->host.careof;
	struct mr_guest *g, *next;

	if (!ip6_equal(careof, &mr->host.late_careof)) /* else it never stopped */
		listen_on(mr, careof, true);
	mr->host.careof = *careof;
	if (!ip6_is_any(&previous) || ip6_equal(careof, &mr->host.late_careof))
		end_late(mr);
	if (!ip6_is_any(&previous)) {
		mr->host.late_careof = previous;
		mr->late_over = mono_add_ms(now->now, mr->conf.grace_ms);
	}
	HASH_ITER (hh, mr->guests.by_name, g, next) {
		mr_choose_live(mr, g, now);
		g->dirty = true;
		mr_place(mr, g, now);
	}
	mr->ops->event(mr->ctx, &e);
}

void
mr_addresses(struct mr *mr, const struct mr_move_addr *v, size_t n, const struct tick *now)
{
	struct mr_move_addr own[MR_HOME_ADDRESS_MAX];
	struct in6_addr careof;
	size_t kept = 0;

	/* A Home Address that is on the uplink, at home, is a guest's and not the host's. */
	for (size_t i = 0; i < n && kept < countof(own); i++) {
		if (!mr_guests_by_home(&mr->guests, &v[i].addr))
			own[kept++] = v[i];
	}
	mr_home_addresses(&mr->host.home, own, kept);
	(void)mr_move_choose(&mr->conf.careof, &mr->host.careof, own, kept, &careof);
	if (!ip6_equal(&careof, &mr->host.careof))
		move_to(mr, &careof, now);
	mr_place_all(mr, now);
	mr_settle(mr, now);
}

/* ---- links and time ---- */

void
mr_mtu_changed(struct mr *mr, const struct tick *now)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next)
		mr_gateway_changed(&g->gateway, now->now);
	mr_settle(mr, now);
}

void
mr_link_back(struct mr *mr, const char *dev, const struct tick *now)
{
	struct mr_guest *g, *next;
	bool made = false;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (!mr_guest_is_here(g) || strcmp(g->conf.link, dev) != 0)
			continue;
		if (!made && mr->ops->link(mr->ctx, dev) < 0)
			return;
		made = true;
		g->dirty = g->dirty || g->retry.ms != INT64_MAX;
		g->retry = MONO_NEVER;
		if (g->state == MR_RUNNING)
			mr_gateway_start(&g->gateway, now->now);
	}
	mr_settle(mr, now);
}

static void
end_late_agent(struct mr_guest *g)
{
	g->late_agent = in6addr_any;
	g->late_over = MONO_NEVER;
	g->dirty = true;
	g->retry = MONO_NEVER;
}

static void
tick_guest(struct mr *mr, struct mr_guest *g, const struct tick *now)
{
	if (mono_reached(now->now, g->late_over))
		end_late_agent(g);
	mr_reg_tick(&g->reg, now);
	mr_handover_tick(g, now);
	mr_radv_tick(mr, g, now->now);
	mr_return_tick(mr, g, now);
	if (mono_reached(now->now, g->over) && g->reg.state != MR_REG_LEAVING)
		mr_live(mr, g, mr_life_rule(MR_LEAVING, MR_WORD_OVER), MR_REG_DETACH, now);
}

void
mr_tick(struct mr *mr, const struct tick *now)
{
	struct mr_guest *g, *next;

	if (mono_reached(now->now, mr->late_over))
		end_late(mr);
	if (mono_reached(now->now, mr->home_over))
		mr_place_all(mr, now);
	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (mono_reached(now->now, guest_due(g)))
			tick_guest(mr, g, now); /* may forget it */
	}
	mr_settle(mr, now);
}

/* ---- the rest ---- */

struct mr *
mr_new(const struct mr_conf *conf, const struct mr_ops *ops, void *ctx, struct want *want,
    uint32_t seed)
{
	struct mr *mr = calloc(1, sizeof(*mr));

	if (!mr)
		return NULL;
	mr->ops = ops;
	mr->ctx = ctx;
	mr->want = want;
	mr->random = seed ? seed : 1;
	mr->late_over = MONO_NEVER;
	mr->home_over = MONO_NEVER;
	mr->answer_tokens = MR_ANSWER_TOKENS;
	mr->discover.due = MONO_NEVER;
	(void)mr_take_values(mr, conf);
	if (mr_guests_init(&mr->guests, conf->guests_max) < 0) {
		free(mr);
		return NULL;
	}
	return mr;
}

void
mr_free(struct mr *mr)
{
	if (!mr)
		return;
	mr_guests_done(&mr->guests);
	plan_done(&mr->next);
	free(mr);
}

const struct mr_guest *
mr_find(const struct mr *mr, const char *name)
{
	return mr_guests_find(&mr->guests, name);
}

void
mr_each(const struct mr *mr, void (*fn)(void *ctx, const struct mr_guest *g), void *ctx)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next)
		fn(ctx, g);
}

const struct mr_host *
mr_host(const struct mr *mr)
{
	return &mr->host;
}

const struct mr_agents *
mr_agents(const struct mr *mr)
{
	return &mr->agents;
}

uint64_t
mr_counted(const struct mr *mr, enum mr_count count)
{
	return mr->count[count];
}

const char *
mr_count_name(enum mr_count count)
{
	static const char *const names[MR_COUNTS] = {
		[MR_N_BU_SENT] = "binding-update-sent",
		[MR_N_BU_FAILED] = "binding-update-not-sent",
		[MR_N_BA_ACCEPTED] = "acknowledgement-accepted",
		[MR_N_BA_REFUSED] = "acknowledgement-refused",
		[MR_N_RA_SENT] = "router-advertisement-sent",
		[MR_N_NA_SENT] = "neighbour-advertisement-sent",
		[MR_N_NS_SENT] = "neighbour-solicitation-sent",
		[MR_N_FRAME_FAILED] = "frame-not-sent",
		[MR_N_PLAN_FAILED] = "kernel-refused",
		[MR_N_DISCOVERY_SENT] = "discovery-sent",
		[MR_N_DISCOVERY_FAILED] = "discovery-not-sent",
		[MR_N_PREFIX_SENT] = "prefix-solicitation-sent",
		[MR_N_PREFIX_FAILED] = "prefix-solicitation-not-sent",
		[MR_N_PREFIX_LEARNT] = "prefix-advertisement-accepted",
		[MR_N_ASKED] = "asked",
		[MR_N_HANDED] = "handed-over",
		[MR_N_KEPT_SENT] = "kept-sent-on",
		[MR_N_MH_MALFORMED] = "dropped-malformed",
		[MR_N_MH_UNKNOWN] = "dropped-unknown-type",
		[MR_N_MH_PROBLEM] = "dropped-header-at-fault",
		[MR_N_MH_UNEXPECTED] = "dropped-unexpected-type",
		[MR_N_MH_STRANGER] = "dropped-not-home-agent",
		[MR_N_MH_NO_HOME] = "dropped-no-routing-header",
		[MR_N_MH_NOT_OURS] = "dropped-not-our-home-address",
		[MR_N_MH_NOT_HERE] = "dropped-guest-not-here",
		[MR_N_BA_NOT_ASKED] = "dropped-acknowledgement-not-outstanding",
		[MR_N_BA_NOT_AUTHENTIC] = "dropped-not-authentic",
		[MR_N_HOME_OPTION] = "dropped-home-address-option",
		[MR_N_DISCOVERY_UNASKED] = "dropped-discovery-not-outstanding",
		[MR_N_DISCOVERY_USELESS] = "dropped-discovery-without-routers",
		[MR_N_PREFIX_UNASKED] = "dropped-prefix-advertisement-not-outstanding",
		[MR_N_PREFIX_OTHERS] = "dropped-prefix-advertisement-of-others",
		[MR_N_MOBILE_UNEXPECTED] = "dropped-mobile-icmp6",
		[MR_N_ICMP6_UNRELATED] = "dropped-icmp6-unrelated",
		[MR_N_ICMP6_UNREACHABLE] = "icmp6-unreachable",
		[MR_N_ICMP6_UNRECOGNIZED] = "icmp6-unrecognized-header",
		[MR_N_ICMP6_NO_HOME_OPTION] = "icmp6-unrecognized-home-address-option",
		[MR_N_RS_STRANGER] = "dropped-solicitation-of-stranger",
		[MR_N_RS_LIMITED] = "dropped-solicitation-too-many",
		[MR_N_FRAME_MALFORMED] = "dropped-frame-malformed",
	};

	return names[count];
}
