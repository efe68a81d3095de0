/* mr_words.c - see mr.h: what a word does to a guest, or why it cannot. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mrd/mr_core.h"

int
mr_refuse(struct mr_why *why, int error, const char *code, const char *fmt, ...)
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
int
mr_fail(struct mr_why *why, int error, const struct mr_guest_conf *conf, const char *what)
{
	mr_refuse(why, error, "refused", "%s: %s", conf->name, what);
	why->error = error;
	return error;
}

/* ---- life ---- */

static void
tell_state(struct mr *mr, struct mr_guest *g)
{
	struct mr_event e = { .kind = MR_EVENT_GUEST, .guest = g };

	mr->ops->event(mr->ctx, &e);
}

int
mr_link_up(struct mr *mr, const struct mr_guest_conf *conf, struct mr_why *why)
{
	int r = mr->ops->link(mr->ctx, conf->link);

	return r < 0 ? mr_fail(why, r, conf, "its interface") : 0;
}

/* Known no longer: its objects go, and it. */
void
mr_forget_guest(struct mr *mr, struct mr_guest *g)
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
		mr_forget_guest(mr, g);
}

/* It runs here. If the source has handed it over already, that only has to be confirmed. */
static void
attach(struct mr_guest *g, const struct tick *now)
{
	const struct mr_hand *hand = &g->hand;

	if (hand->switched.lifetime_s)
		mr_reg_taken(
		    &g->reg, hand->switched.seq, hand->switched.lifetime_s, hand->switched.at, now);
	else
		mr_reg_word(&g->reg, MR_REG_ATTACH, now);
}

/*
 * A word that can be done is done. What its registration must no longer send stops
 * first, the run-time file is written before the kernel is asked, and the
 * Binding Update goes out last: when its answer comes, so do packets (N-25).
 */
void
mr_live(struct mr *mr, struct mr_guest *g, const struct mr_life *life, enum mr_reg_event leave,
    const struct tick *now)
{
	enum mr_guest_state from = g->state;
	bool news = life->to != from;

	if (life->reg == MR_LIFE_HOLD) {
		mr_reg_word(&g->reg, MR_REG_HOLD, now);
		mr_homing_quiet(&g->homing);
	}
	mr_handover_before(mr, g, life->to, leave == MR_REG_DEREGISTER, now);
	if (life->reg == MR_LIFE_DETACH)
		mr_reg_word(&g->reg, leave, now);
	if (life->reg == MR_LIFE_ATTACH)
		mr_choose_live(mr, g, now);
	mr_guest_enter(g, life->to, now->now, mr->conf.grace_ms);
	if (!news) {
		if (life->reg == MR_LIFE_NUDGE)
			mr_reg_word(&g->reg, MR_REG_NUDGE, now);
		mr_settle(mr, now);
		return;
	}
	g->retry = MONO_NEVER;
	mr->ops->save(mr->ctx);
	mr_place(mr, g, now);
	(void)mr_apply(mr, g, now->now); /* tried again: the guest is there, whatever we can do */
	if (life->reg == MR_LIFE_ATTACH) {
		attach(g, now);
		mr_gateway_start(&g->gateway, now->now);
		mr_radv_tick(mr, g, now->now);
	} else {
		mr_gateway_stop(&g->gateway);
	}
	mr_handover_after(mr, g, from, now);
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

int
mr_add(struct mr *mr, const struct mr_guest_conf *conf, enum mr_origin origin, uint32_t index,
    struct mr_guest **ret_guest, struct mr_why *why)
{
	const struct mr_guest *other = mr_guests_overlap(&mr->guests, conf, NULL);
	struct mr_guest *g;
	int r;

	if (other)
		return mr_refuse(why, -EEXIST, "prefix-taken",
		    "%s: guest %s has a part of its addresses", conf->name, other->conf.name);
	r = mr_guests_add(&mr->guests, conf, index, &g);
	if (r == -ENOSPC)
		return mr_refuse(why, r, "refused", "%s: %u guests are known, guests-max",
		    conf->name, mr->guests.max);
	if (r < 0)
		return mr_fail(why, r, conf, "cannot be added");
	g->origin = origin;
	g->owner = mr;
	g->dirty = true;
	mr_reg_init(&g->reg, &mr->reg_conf, &mr_reg_ops, g);
	mr_prefix_init(&g->home_prefix);
	mr_hand_init(&g->hand, &mr->hand_conf, &mr_hand_ops, g);
	g->reg.careof = mr->host.careof;
	mr_choose_first(mr, g);
	mr_gateway_stop(&g->gateway);
	*ret_guest = g;
	return 0;
}

/* Another configuration for a guest; a new Home Address is a new registration. */
int
mr_change(
    struct mr *mr, struct mr_guest *g, const struct mr_guest_conf *conf, const struct tick *now)
{
	bool same_home = ip6_equal(&g->conf.home_address, &conf->home_address);
	struct mr_guest_conf old = g->conf;
	int r;

	if (!same_home)
		mr_displace(mr, g);
	r = mr_guests_change(&mr->guests, g, conf);
	if (r < 0) {
		mr_place(mr, g, now);
		return r;
	}
	if (mr_guest_is_here(g))
		mr_guest_note_former(g, &old);
	g->dirty = true;
	g->retry = MONO_NEVER;
	if (!same_home) {
		mr_reg_init(&g->reg, &mr->reg_conf, &mr_reg_ops, g);
		mr_prefix_init(&g->home_prefix);
		mr_hand_ended(&g->hand);
		g->reg.careof = mr->host.careof;
		mr_choose_first(mr, g);
		mr_place(mr, g, now);
	}
	if (g->state != MR_RUNNING)
		return 0;
	(void)mr_apply(mr, g, now->now); /* tried again */
	mr_reg_word(&g->reg, same_home ? MR_REG_FORCE : MR_REG_ATTACH, now);
	mr_gateway_changed(&g->gateway, now->now);
	return 0;
}

static bool
is_arrival(enum mr_word word)
{
	return word == MR_WORD_INCOMING || word == MR_WORD_RUNNING;
}

/* The guest a word is about; made known by its keys if it is not. */
static int
find_or_add(struct mr *mr, const char *name, const struct mr_guest_conf *keys, enum mr_word word,
    const struct tick *now, struct mr_guest **ret_guest, struct mr_why *why)
{
	struct mr_guest *g = mr_guests_find(&mr->guests, name);
	int r;

	*ret_guest = g;
	if (!g && (!keys || !keys->prefixes || !is_arrival(word)))
		return mr_refuse(why, -ENOENT, "unknown-guest", "%s: not known here", name);
	if (!g)
		return mr_add(mr, keys, MR_ORIGIN_VISIT, MR_INDEX_ANY, ret_guest, why);
	if (!keys || agrees(keys, &g->conf))
		return 0;
	if (g->origin != MR_ORIGIN_VISIT || mr_guest_is_here(g))
		return mr_refuse(why, -EBUSY, "refused", "%s: known otherwise, by %s", name,
		    g->origin == MR_ORIGIN_CONFIG ? "mrd.conf" : "an earlier word");
	if (!keys->prefixes)
		return mr_refuse(why, -EINVAL, "refused", "%s: other keys, and no prefix", name);
	r = mr_change(mr, g, keys, now);
	if (r < 0)
		return mr_refuse(
		    why, r, "prefix-taken", "%s: another guest has its addresses", name);
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
	if (is_arrival(word) && !mr_guest_is_here(g) && g->reg.state == MR_REG_IDLE)
		mr_choose_first(mr, g);
	life = mr_life_rule(g->state, word);
	if (!life)
		return mr_refuse(why, -EALREADY, "refused", "%s: %s, so it cannot be %s", name,
		    mr_guest_state_name(g->state), mr_word_name(word));
	if (life->to == MR_INCOMING || life->to == MR_RUNNING) {
		r = mr_link_up(mr, &g->conf, why);
		if (r < 0)
			goto unknown_again;
	}
	/* An arrival that cannot be prepared is refused while it can still be stopped. */
	if (g->state == MR_ABSENT && word == MR_WORD_INCOMING) {
		mr_guest_enter(g, MR_INCOMING, now->now, 0);
		mr->ops->save(mr->ctx);
		mr_place(mr, g, now);
		r = mr_apply(mr, g, now->now);
		if (r < 0)
			goto take_back;
		mr_handover_before(mr, g, MR_INCOMING, false, now);
		tell_state(mr, g);
		mr_settle(mr, now);
		return 0;
	}
	mr_live(mr, g, life, leave, now);
	return 0;

take_back:
	(void)mr_fail(why, r, &g->conf, "the kernel refused a part of its routes");
	mr_guest_enter(g, MR_ABSENT, now->now, 0);
	mr_place(mr, g, now);
	g->retry = MONO_NEVER;
unknown_again:
	if (g->state == MR_ABSENT && g->origin == MR_ORIGIN_VISIT)
		mr_forget_guest(mr, g);
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
mr_suspended(struct mr *mr, const char *name, int64_t stopped_us, const struct tick *now,
    struct mr_why *ret_why)
{
	int r;

	mr->stopped_us = stopped_us;
	r = do_word(mr, MR_WORD_SUSPENDED, name, NULL, MR_REG_DETACH, now, ret_why);
	mr->stopped_us = 0;
	return r;
}

int
mr_gone_for_good(struct mr *mr, const char *name, const struct tick *now, struct mr_why *ret_why)
{
	return do_word(mr, MR_WORD_GONE, name, NULL, MR_REG_DEREGISTER, now, ret_why);
}

int
mr_cancel(struct mr *mr, const char *name, const struct tick *now, struct mr_why *ret_why)
{
	const struct mr_guest *g = mr_guests_find(&mr->guests, name);

	if (!g || g->state != MR_INCOMING)
		return 0;
	return do_word(mr, MR_WORD_GONE, name, NULL, MR_REG_DETACH, now, ret_why);
}

int
mr_define(
    struct mr *mr, const struct mr_guest_conf *conf, const struct tick *now, struct mr_why *ret_why)
{
	struct mr_guest *g = mr_guests_find(&mr->guests, conf->name);
	int r;

	if (!g) {
		r = mr_add(mr, conf, MR_ORIGIN_CONTROL, MR_INDEX_ANY, &g, ret_why);
		if (r < 0)
			return r;
	} else if (!mr_guest_conf_equal(&g->conf, conf)) {
		if (g->origin == MR_ORIGIN_CONFIG)
			return mr_refuse(
			    ret_why, -EBUSY, "refused", "%s: mrd.conf defines it", conf->name);
		if (mr_guest_is_here(g))
			return mr_refuse(ret_why, -EBUSY, "refused", "%s: it is here", conf->name);
		if (mr_change(mr, g, conf, now) < 0)
			return mr_refuse(ret_why, -EEXIST, "prefix-taken",
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
		return mr_refuse(ret_why, -ENOENT, "unknown-guest", "%s: not known here", name);
	if (g->origin == MR_ORIGIN_CONFIG)
		return mr_refuse(ret_why, -EBUSY, "refused", "%s: mrd.conf defines it", name);
	if (mr_guest_is_here(g))
		return mr_refuse(ret_why, -EBUSY, "refused", "%s: it is here: %s", name,
		    mr_guest_state_name(g->state));
	g->origin = MR_ORIGIN_VISIT; /* one that is leaving goes when it has left */
	if (g->state == MR_ABSENT)
		mr_forget_guest(mr, g);
	mr->ops->save(mr->ctx);
	mr_settle(mr, now);
	return 0;
}

int
mr_refresh(struct mr *mr, const char *name, const struct tick *now, struct mr_why *ret_why)
{
	struct mr_guest *g = mr_guests_find(&mr->guests, name);

	if (!g)
		return mr_refuse(ret_why, -ENOENT, "unknown-guest", "%s: not known here", name);
	if (g->state != MR_RUNNING)
		return mr_refuse(ret_why, -EBUSY, "refused",
		    "%s: %s: nothing is sent for it (X-03)", name, mr_guest_state_name(g->state));
	mr_choose_again(mr, g);
	mr_reg_word(&g->reg, MR_REG_FORCE, now);
	mr_settle(mr, now);
	return 0;
}
