/* mr_configure.c - see mr.h: another configuration, and the run-time file, into a core. */
#include <errno.h>
#include <string.h>

#include "mrd/mr_core.h"

/* ---- configuration ---- */

static void
add_agents(struct mr_agents *all, const struct in6_addr *v, unsigned n)
{
	for (unsigned i = 0; i < n && all->n < MR_AGENTS_MAX; i++) {
		if (!mr_agents_have(all, &v[i]))
			all->v[all->n++] = v[i];
	}
}

/* The home link's own word comes first, in its order (RFC 6275 11.4.1). */
bool
mr_take_agents(struct mr *mr)
{
	struct mr_agents next = { 0 };
	bool changed;

	add_agents(&next, mr->found.v, mr->found.n);
	add_agents(&next, mr->conf.home_agent, mr->conf.home_agents);
	changed = next.n != mr->agents.n || memcmp(next.v, mr->agents.v, sizeof(next.v)) != 0;
	if (changed)
		mr->agents = next;
	return changed;
}

/* Another home link: what was found on the old one is forgotten. */
static void
take_discovery(struct mr *mr)
{
	static const struct ip6_prefix none;
	const struct ip6_prefix *home = mr->conf.discover_n > 0 ? &mr->conf.discover[0] : &none;

	if (ip6_prefix_equal(home, &mr->discover.home))
		return;
	mr->found.n = 0;
	mr_discover_init(&mr->discover, home);
	mr_discover_want(&mr->discover, (mono_t){ 0 });
}

bool
mr_take_values(struct mr *mr, const struct mr_conf *conf)
{
	mr->conf = *conf;
	mr->conf.guest = NULL;
	mr->conf.guests = mr->conf.guests_cap = 0;
	mr->reg_conf = (struct mr_reg_conf){
		.lifetime_s = (uint32_t)(conf->lifetime_ms / 1000),
		.first_timeout_ms = conf->first_timeout_ms,
		.next_agent_ms = conf->next_agent_ms,
	};
	mr->hand_conf = (struct mr_hand_conf){
		.ask = conf->ask,
		.early = conf->early_switch,
		.ask_timeout_ms = conf->ask_timeout_ms,
		.grace_ms = conf->grace_ms,
	};
	mr->host.table_base = conf->table_base;
	mr->host.rule_priority = conf->rule_priority;
	mr->host.local_delivery = conf->local_delivery;
	memcpy(mr->host.uplink, conf->uplink, sizeof(mr->host.uplink));
	mr_home_configure(&mr->host.home, conf->home_prefix, conf->home_prefixes, conf->home_learn);
	take_discovery(mr);
	return mr_take_agents(mr);
}

static const struct mr_guest_conf *
find_conf(const struct mr_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->guests; i++) {
		if (strcmp(conf->guest[i].name, name) == 0)
			return &conf->guest[i];
	}
	return NULL;
}

/* Will this guest keep its addresses whatever the new configuration says? */
static bool
stays(const struct mr_guest *g, const struct mr_conf *conf)
{
	if (find_conf(conf, g->conf.name))
		return false;
	return g->origin != MR_ORIGIN_CONFIG || g->state != MR_ABSENT;
}

static int
check_overlaps(const struct mr *mr, const struct mr_conf *conf, struct mr_why *why)
{
	struct mr_guest *g, *next;
	int r = 0;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (!stays(g, conf))
			continue;
		for (size_t i = 0; i < conf->guests && r == 0; i++) {
			if (mr_guest_confs_overlap(&conf->guest[i], &g->conf))
				r = mr_refuse(why, -EEXIST, "prefix-taken",
				    "%s: guest %s has a part of its addresses", conf->guest[i].name,
				    g->conf.name);
		}
	}
	return r;
}

/* Guests that vanished from it are forgotten, now or when they leave. */
static void
drop_missing(struct mr *mr, const struct mr_conf *conf)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (g->origin != MR_ORIGIN_CONFIG || find_conf(conf, g->conf.name))
			continue;
		if (g->state == MR_ABSENT)
			mr_forget_guest(mr, g);
		else
			g->origin = MR_ORIGIN_VISIT;
	}
}

/* Those that changed let go of their addresses first, so that two may swap theirs. */
static int
take_guests(struct mr *mr, const struct mr_conf *conf, const struct tick *now, struct mr_why *why)
{
	struct mr_guest *g;
	int r = 0, failed = 0;

	for (size_t i = 0; i < conf->guests; i++) {
		g = mr_guests_find(&mr->guests, conf->guest[i].name);
		if (g && !mr_guest_conf_equal(&g->conf, &conf->guest[i]))
			mr_guests_release(&mr->guests, g);
	}
	for (size_t i = 0; i < conf->guests; i++) {
		g = mr_guests_find(&mr->guests, conf->guest[i].name);
		if (!g)
			r = mr_add(mr, &conf->guest[i], MR_ORIGIN_CONFIG, MR_INDEX_ANY, &g, why);
		else if (!mr_guest_conf_equal(&g->conf, &conf->guest[i]))
			r = mr_change(mr, g, &conf->guest[i], now);
		else
			r = 0;
		if (r < 0)
			failed = mr_fail(why, r, &conf->guest[i], "cannot be changed");
		else
			g->origin = MR_ORIGIN_CONFIG;
	}
	return failed;
}

static void
refresh_all(struct mr *mr, bool new_mode, const struct tick *now)
{
	struct mr_guest *g, *next;
	struct mr_reg_with with;

	mr_agent_first(&mr->agents, (enum mr_mode)mr->conf.mode, &with);

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (new_mode) {
			mr_choose_again(mr, g);
			g->reg.with.explicit_mode = with.explicit_mode;
		}
		/* M-52: that is not said of this guest. */
		if (g->state == MR_RUNNING && g->reg.state != MR_REG_BARRED)
			mr_reg_word(&g->reg, MR_REG_FORCE, now);
	}
}

int
mr_configure(
    struct mr *mr, const struct mr_conf *conf, const struct tick *now, struct mr_why *ret_why)
{
	bool new_mode = mr->conf.mode != conf->mode;
	bool new_terms = new_mode || mr->conf.lifetime_ms != conf->lifetime_ms;
	struct mr_guest *g, *next;
	bool new_agents;
	int r = check_overlaps(mr, conf, ret_why);

	if (r < 0)
		return r;
	new_agents = mr_take_values(mr, conf);
	mr_all_dirty(mr);
	drop_missing(mr, conf);
	r = take_guests(mr, conf, now, ret_why);
	if (new_agents)
		mr_choose_changed(mr, now);
	if (new_terms)
		refresh_all(mr, new_mode, now);
	HASH_ITER (hh, mr->guests.by_name, g, next)
		mr_gateway_changed(&g->gateway, now->now);
	mr_place_all(mr, now);
	mr->ops->save(mr->ctx);
	mr_settle(mr, now);
	return r;
}

/* ---- run-time file ---- */

int
mr_restore(struct mr *mr, const struct mr_state_guest *state, const struct tick *now)
{
	struct mr_why why;
	struct mr_guest *g;
	int r = mr_add(mr, &state->conf, state->origin, state->index, &g, &why);

	if (r < 0)
		return r;
	g->reg.seq = state->seq;
	if (mr_agents_have(&mr->agents, &state->known.with.home_agent) &&
	    mr_mode_has((enum mr_mode)mr->conf.mode, state->known.with.explicit_mode))
		g->reg.with = state->known.with;
	if (state->state == MR_RUNNING)
		mr_reg_resume(&g->reg, &state->known, now->now);
	mr_guest_enter(g, state->state, now->now, mr->conf.grace_ms);
	mr_place(mr, g, now);
	if (mr_guest_is_here(g))
		(void)mr_link_up(mr, &g->conf, &why); /* it may come yet: mr_link_back */
	(void)mr_apply(mr, g, now->now);	      /* tried again */
	if (state->state == MR_INCOMING) /* who was expected is forgotten in time, so once more */
		mr_handover_before(mr, g, MR_INCOMING, false, now);
	if (state->state == MR_RUNNING) {
		mr_reg_word(&g->reg, MR_REG_ATTACH, now);
		mr_gateway_start(&g->gateway, now->now);
		mr_radv_tick(mr, g, now->now);
	}
	mr_settle(mr, now);
	return 0;
}

void
mr_save(const struct mr *mr, struct mr_text *t)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (g->state != MR_ABSENT || g->origin == MR_ORIGIN_CONTROL)
			mr_state_put_guest(t, g);
	}
}
