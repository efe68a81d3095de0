/* mr.c - see mr.h: guests, words and time. */
#include "mrd/mr.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base.h"
#include "mrd/mr_core.h"

__attribute__((format(printf, 4, 5))) static int
refuse(struct mr_why *why, int error, const char *code, const char *fmt, ...)
{
	va_list ap;

	why->code = code;
	why->error = 0;
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return error;
}

/* The same, because something underneath failed. */
static int
fail(struct mr_why *why, int error, const struct mr_guest_conf *conf, const char *what)
{
	refuse(why, error, "refused", "%s: %s", conf->name, what);
	why->error = error;
	return error;
}

/* ---- kernel, file and timer ---- */

/* The guest's plan as its state is now. What the kernel refuses is tried again. */
static int
apply(struct mr *mr, struct mr_guest *g, mono_t now)
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
	return mono_min(due, g->retry);
}

/* A scan: at most guests-max of them, some microseconds, a few times a second. */
mono_t
mr_due(const struct mr *mr)
{
	mono_t due = mr->late_over;
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next)
		due = mono_min(due, guest_due(g));
	return due;
}

void
mr_settle(struct mr *mr, const struct tick *now)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (g->dirty && (g->retry.ms == INT64_MAX || mono_reached(now->now, g->retry)))
			(void)apply(mr, g, now->now); /* tried again */
	}
	mr->ops->arm(mr->ctx, mr_due(mr));
}

static void
all_dirty(struct mr *mr)
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

/* ---- life ---- */

static void
tell_state(struct mr *mr, struct mr_guest *g)
{
	struct mr_event e = { .kind = MR_EVENT_GUEST, .guest = g };

	mr->ops->event(mr->ctx, &e);
}

static int
link_up(struct mr *mr, const struct mr_guest_conf *conf, struct mr_why *why)
{
	int r = mr->ops->link(mr->ctx, conf->link);

	return r < 0 ? fail(why, r, conf, "its interface") : 0;
}

/* Known no longer: its objects go, and it. */
static void
forget(struct mr *mr, struct mr_guest *g)
{
	plan_clear(&mr->next);
	(void)want_change(mr->want, &g->plan, &mr->next, NULL); /* clearing is not refused */
	mr_guests_remove(&mr->guests, g);
}

static void
enter_absent(struct mr *mr, struct mr_guest *g)
{
	tell_state(mr, g);
	if (g->origin == MR_ORIGIN_VISIT)
		forget(mr, g);
}

/*
 * A word that can be done is done. What its registration must no longer send stops
 * first, the run-time file is written before the kernel is asked, and the
 * Binding Update goes out last: when its answer comes, so do packets (N-25).
 */
static void
live(struct mr *mr, struct mr_guest *g, const struct mr_life *life, enum mr_reg_event leave,
    const struct tick *now)
{
	bool news = life->to != g->state;

	if (life->reg == MR_LIFE_HOLD)
		mr_reg_word(&g->reg, MR_REG_HOLD, now);
	if (life->reg == MR_LIFE_DETACH)
		mr_reg_word(&g->reg, leave, now);
	mr_guest_enter(g, life->to, now->now, mr->conf.grace_ms);
	if (!news) {
		mr_settle(mr, now);
		return;
	}
	g->retry = MONO_NEVER;
	mr->ops->save(mr->ctx);
	(void)apply(mr, g, now->now); /* tried again: the guest is there, whatever we can do */
	if (life->reg == MR_LIFE_ATTACH) {
		mr_reg_word(&g->reg, MR_REG_ATTACH, now);
		mr_gateway_start(&g->gateway, now->now);
		mr_radv_tick(mr, g, now->now);
	} else {
		mr_gateway_stop(&g->gateway);
	}
	if (life->to == MR_ABSENT)
		enter_absent(mr, g);
	else
		tell_state(mr, g);
	mr_settle(mr, now);
}

/* ---- words ---- */

/* Does what is given agree with what is known? What is not given does. */
static bool
agrees(const struct mr_guest_conf *given, const struct mr_guest_conf *known)
{
	struct mr_guest_conf whole = *known;

	if (!ip6_is_any(&given->home_address))
		whole.home_address = given->home_address;
	if (given->link[0])
		memcpy(whole.link, given->link, sizeof(whole.link));
	if (given->prefixes) {
		whole.prefixes = given->prefixes;
		memcpy(whole.prefix, given->prefix, sizeof(whole.prefix));
	}
	if (given->macs) {
		whole.macs = given->macs;
		memcpy(whole.mac, given->mac, sizeof(whole.mac));
	}
	return mr_guest_conf_equal(&whole, known);
}

static int
add(struct mr *mr, const struct mr_guest_conf *conf, enum mr_origin origin, uint32_t index,
    struct mr_guest **ret_guest, struct mr_why *why)
{
	const struct mr_guest *other = mr_guests_overlap(&mr->guests, conf, NULL);
	struct mr_guest *g;
	int r;

	if (other)
		return refuse(why, -EEXIST, "prefix-taken",
		    "%s: guest %s has a part of its addresses", conf->name, other->conf.name);
	r = mr_guests_add(&mr->guests, conf, index, &g);
	if (r == -ENOSPC)
		return refuse(why, r, "refused", "%s: %u guests are known, guests-max", conf->name,
		    mr->guests.max);
	if (r < 0)
		return fail(why, r, conf, "cannot be added");
	g->origin = origin;
	g->owner = mr;
	g->dirty = true;
	mr_reg_init(&g->reg, &mr->reg_conf, &mr_reg_ops, g);
	g->reg.careof = mr->host.careof;
	mr_gateway_stop(&g->gateway);
	*ret_guest = g;
	return 0;
}

/* Another configuration for a guest; a new Home Address is a new registration. */
static int
change(struct mr *mr, struct mr_guest *g, const struct mr_guest_conf *conf, const struct tick *now)
{
	bool same_home = ip6_equal(&g->conf.home_address, &conf->home_address);
	int r = mr_guests_change(&mr->guests, g, conf);

	if (r < 0)
		return r;
	g->dirty = true;
	g->retry = MONO_NEVER;
	if (!same_home) {
		mr_reg_init(&g->reg, &mr->reg_conf, &mr_reg_ops, g);
		g->reg.careof = mr->host.careof;
	}
	if (g->state != MR_RUNNING)
		return 0;
	(void)apply(mr, g, now->now); /* tried again */
	mr_reg_word(&g->reg, same_home ? MR_REG_FORCE : MR_REG_ATTACH, now);
	mr_gateway_changed(&g->gateway, now->now);
	return 0;
}

/* The guest a word is about; made known by its keys if it is not. */
static int
find_or_add(struct mr *mr, const char *name, const struct mr_guest_conf *keys, enum mr_word word,
    const struct tick *now, struct mr_guest **ret_guest, struct mr_why *why)
{
	struct mr_guest *g = mr_guests_find(&mr->guests, name);
	bool arrives = word == MR_WORD_INCOMING || word == MR_WORD_RUNNING;
	int r;

	*ret_guest = g;
	if (!g && (!keys || !keys->prefixes || !arrives))
		return refuse(why, -ENOENT, "unknown-guest", "%s: not known here", name);
	if (!g)
		return add(mr, keys, MR_ORIGIN_VISIT, MR_INDEX_ANY, ret_guest, why);
	if (!keys || agrees(keys, &g->conf))
		return 0;
	if (g->origin != MR_ORIGIN_VISIT || mr_guest_is_here(g))
		return refuse(why, -EBUSY, "refused", "%s: known otherwise, by %s", name,
		    g->origin == MR_ORIGIN_CONFIG ? "mrd.conf" : "an earlier word");
	if (!keys->prefixes)
		return refuse(why, -EINVAL, "refused", "%s: other keys, and no prefix", name);
	r = change(mr, g, keys, now);
	if (r < 0)
		return refuse(why, r, "prefix-taken", "%s: another guest has its addresses", name);
	return 0;
}

static int
do_word(struct mr *mr, enum mr_word word, const char *name, const struct mr_guest_conf *keys,
    enum mr_reg_event leave, const struct tick *now, struct mr_why *why)
{
	const struct mr_life *life;
	struct mr_guest *g;
	int r = find_or_add(mr, name, keys, word, now, &g, why);

	if (r < 0)
		return r;
	life = mr_life_rule(g->state, word);
	if (!life)
		return refuse(why, -EALREADY, "refused", "%s: %s, so it cannot be %s", name,
		    mr_guest_state_name(g->state), mr_word_name(word));
	if (life->to == MR_INCOMING || life->to == MR_RUNNING) {
		r = link_up(mr, &g->conf, why);
		if (r < 0)
			goto unknown_again;
	}
	/* An arrival that cannot be prepared is refused while it can still be stopped. */
	if (g->state == MR_ABSENT && word == MR_WORD_INCOMING) {
		mr_guest_enter(g, MR_INCOMING, now->now, 0);
		mr->ops->save(mr->ctx);
		r = apply(mr, g, now->now);
		if (r < 0)
			goto take_back;
		tell_state(mr, g);
		mr_settle(mr, now);
		return 0;
	}
	live(mr, g, life, leave, now);
	return 0;

take_back:
	(void)fail(why, r, &g->conf, "the kernel refused a part of its routes");
	mr_guest_enter(g, MR_ABSENT, now->now, 0);
	g->retry = MONO_NEVER;
unknown_again:
	if (g->state == MR_ABSENT && g->origin == MR_ORIGIN_VISIT)
		forget(mr, g);
	mr->ops->save(mr->ctx);
	mr_settle(mr, now);
	return r;
}

int
mr_word(struct mr *mr, enum mr_word word, const char *name, const struct mr_guest_conf *keys,
    const struct tick *now, struct mr_why *ret_why)
{
	return do_word(mr, word, name, keys, MR_REG_DETACH, now, ret_why);
}

int
mr_gone_for_good(struct mr *mr, const char *name, const struct tick *now, struct mr_why *ret_why)
{
	return do_word(mr, MR_WORD_GONE, name, NULL, MR_REG_DEREGISTER, now, ret_why);
}

int
mr_define(
    struct mr *mr, const struct mr_guest_conf *conf, const struct tick *now, struct mr_why *ret_why)
{
	struct mr_guest *g = mr_guests_find(&mr->guests, conf->name);
	int r;

	if (!g) {
		r = add(mr, conf, MR_ORIGIN_CONTROL, MR_INDEX_ANY, &g, ret_why);
		if (r < 0)
			return r;
	} else if (!mr_guest_conf_equal(&g->conf, conf)) {
		if (g->origin == MR_ORIGIN_CONFIG)
			return refuse(
			    ret_why, -EBUSY, "refused", "%s: mrd.conf defines it", conf->name);
		if (mr_guest_is_here(g))
			return refuse(ret_why, -EBUSY, "refused", "%s: it is here", conf->name);
		if (change(mr, g, conf, now) < 0)
			return refuse(ret_why, -EEXIST, "prefix-taken",
			    "%s: another guest has a part of its addresses", conf->name);
	}
	if (g->origin == MR_ORIGIN_VISIT)
		g->origin = MR_ORIGIN_CONTROL;
	mr->ops->save(mr->ctx);
	mr_settle(mr, now);
	return 0;
}

int
mr_forget(struct mr *mr, const char *name, const struct tick *now, struct mr_why *ret_why)
{
	struct mr_guest *g = mr_guests_find(&mr->guests, name);

	if (!g)
		return refuse(ret_why, -ENOENT, "unknown-guest", "%s: not known here", name);
	if (g->origin == MR_ORIGIN_CONFIG)
		return refuse(ret_why, -EBUSY, "refused", "%s: mrd.conf defines it", name);
	if (mr_guest_is_here(g))
		return refuse(ret_why, -EBUSY, "refused", "%s: it is here: %s", name,
		    mr_guest_state_name(g->state));
	g->origin = MR_ORIGIN_VISIT; /* one that is leaving goes when it has left */
	if (g->state == MR_ABSENT)
		forget(mr, g);
	mr->ops->save(mr->ctx);
	mr_settle(mr, now);
	return 0;
}

int
mr_refresh(struct mr *mr, const char *name, const struct tick *now, struct mr_why *ret_why)
{
	struct mr_guest *g = mr_guests_find(&mr->guests, name);

	if (!g)
		return refuse(ret_why, -ENOENT, "unknown-guest", "%s: not known here", name);
	if (g->state != MR_RUNNING)
		return refuse(ret_why, -EBUSY, "refused", "%s: %s: nothing is sent for it (X-03)",
		    name, mr_guest_state_name(g->state));
	mr_reg_word(&g->reg, MR_REG_FORCE, now);
	mr_settle(mr, now);
	return 0;
}

/* ---- configuration ---- */

static void
take_values(struct mr *mr, const struct mr_conf *conf)
{
	mr->conf = *conf;
	mr->conf.guest = NULL;
	mr->conf.guests = mr->conf.guests_cap = 0;
	mr->reg_conf = (struct mr_reg_conf){
		.lifetime_s = (uint32_t)(conf->lifetime_ms / 1000),
		.first_timeout_ms = conf->first_timeout_ms,
		.explicit_mode = conf->mode == MR_EXPLICIT,
	};
	mr->host.home_agent = conf->home_agent;
	mr->host.table_base = conf->table_base;
	mr->host.rule_priority = conf->rule_priority;
	mr->host.local_delivery = conf->local_delivery;
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
				r = refuse(why, -EEXIST, "prefix-taken",
				    "%s: guest %s has a part of its addresses", conf->guest[i].name,
				    g->conf.name);
		}
	}
	return r;
}

static bool
is_new_to_home_agent(const struct mr *mr, const struct mr_conf *conf)
{
	return mr->conf.lifetime_ms != conf->lifetime_ms || mr->conf.mode != conf->mode;
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
			forget(mr, g);
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
			r = add(mr, &conf->guest[i], MR_ORIGIN_CONFIG, MR_INDEX_ANY, &g, why);
		else if (!mr_guest_conf_equal(&g->conf, &conf->guest[i]))
			r = change(mr, g, &conf->guest[i], now);
		else
			r = 0;
		if (r < 0)
			failed = fail(why, r, &conf->guest[i], "cannot be changed");
		else
			g->origin = MR_ORIGIN_CONFIG;
	}
	return failed;
}

/* A home agent that knows nothing of us yet. */
static void
register_anew(struct mr *mr, const struct tick *now)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		mr_reg_word(&g->reg, MR_REG_DETACH, now);
		(void)apply(mr, g, now->now); /* tried again */
		if (g->state == MR_RUNNING)
			mr_reg_word(&g->reg, MR_REG_ATTACH, now);
	}
}

static void
refresh_all(struct mr *mr, const struct tick *now)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (g->state == MR_RUNNING)
			mr_reg_word(&g->reg, MR_REG_FORCE, now);
	}
}

int
mr_configure(
    struct mr *mr, const struct mr_conf *conf, const struct tick *now, struct mr_why *ret_why)
{
	bool new_agent = !ip6_equal(&mr->conf.home_agent, &conf->home_agent);
	bool new_terms = is_new_to_home_agent(mr, conf);
	struct mr_guest *g, *next;
	int r = check_overlaps(mr, conf, ret_why);

	if (r < 0)
		return r;
	take_values(mr, conf);
	all_dirty(mr);
	drop_missing(mr, conf);
	r = take_guests(mr, conf, now, ret_why);
	if (new_agent)
		register_anew(mr, now);
	else if (new_terms)
		refresh_all(mr, now);
	HASH_ITER (hh, mr->guests.by_name, g, next)
		mr_gateway_changed(&g->gateway, now->now);
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
	int r = add(mr, &state->conf, state->origin, state->index, &g, &why);

	if (r < 0)
		return r;
	g->reg.seq = state->seq;
	mr_guest_enter(g, state->state, now->now, mr->conf.grace_ms);
	if (mr_guest_is_here(g))
		(void)link_up(mr, &g->conf, &why); /* it may come yet: mr_link_back */
	(void)apply(mr, g, now->now);		   /* tried again */
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
	all_dirty(mr);
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
		g->dirty = true;
		(void)apply(mr, g, now->now); /* tried again */
		mr_reg_careof(&g->reg, careof, now);
	}
	mr->ops->event(mr->ctx, &e);
}

void
mr_addresses(struct mr *mr, const struct mr_move_addr *v, size_t n, const struct tick *now)
{
	struct in6_addr careof;

	(void)mr_move_choose(&mr->conf.careof, &mr->host.careof, v, n, &careof);
	if (!ip6_equal(&careof, &mr->host.careof))
		move_to(mr, &careof, now);
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
tick_guest(struct mr *mr, struct mr_guest *g, const struct tick *now)
{
	mr_reg_tick(&g->reg, now);
	mr_radv_tick(mr, g, now->now);
	if (mono_reached(now->now, g->over) && g->reg.state != MR_REG_LEAVING)
		live(mr, g, mr_life_rule(MR_LEAVING, MR_WORD_OVER), MR_REG_DETACH, now);
}

void
mr_tick(struct mr *mr, const struct tick *now)
{
	struct mr_guest *g, *next;

	if (mono_reached(now->now, mr->late_over))
		end_late(mr);
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
	mr->answer_tokens = MR_ANSWER_TOKENS;
	take_values(mr, conf);
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
		[MR_N_FRAME_FAILED] = "frame-not-sent",
		[MR_N_PLAN_FAILED] = "kernel-refused",
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
