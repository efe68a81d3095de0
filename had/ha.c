/* ha.c - see ha.h. */
#include "had/ha.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "had/ha_core.h"
#include "had/ha_hand.h"
#include "had/ha_plan.h"

struct ha_view
ha_view_of(const struct ha *h)
{
	return (struct ha_view){ .policy = h->policy, .table = h->table, .cache = &h->cache };
}

/* ---- bindings come, change, go ---- */

static void
rearm(struct ha *h)
{
	mono_t when = ha_deadline(h);

	if (when.ms == h->armed.ms)
		return;
	h->armed = when;
	h->ops->arm(h->ctx, when);
}

void
ha_set_due(struct ha *h, struct ha_bind *b)
{
	mono_t due = mono_min(b->expires, ha_hand_due(b));

	for (uint8_t i = 0; i < b->lates; i++)
		due = mono_min(due, b->late[i].until);
	ha_due_set(&h->cache.due, b, due);
}

int
ha_install(struct ha *h, struct ha_bind *b, const struct ha_reg *reg, const struct ha_late *late,
    uint8_t lates)
{
	struct ha_late also[HA_LATE_MAX + 1];
	uint8_t n = ha_hand_also(b, &reg->coa, late, lates, also);

	plan_clear(&h->next);
	ha_plan(&h->next, h->policy, reg, also, n);
	return h->next.bad ? -ENOMEM : want_change(h->want, &b->plan, &h->next, NULL);
}

/*
 * Stop all it has in the kernel; what is left is the sequence number until then
 * (M-27). The grace after a move ends with it.
 */
static void
retire(struct ha *h, struct ha_bind *b, mono_t until)
{
	plan_clear(&h->next);
	/* Only clears, and what fails to clear is kept in mind by want.h. */
	(void)want_change(h->want, &b->plan, &h->next, NULL);
	ha_cache_unclaim(&h->cache, b);
	if (b->state == HA_BOUND) {
		h->bound--;
		ha_home_unbound(h, b);
	}
	b->state = HA_DELETED;
	b->lates = 0;
	ha_hand_end(b);
	b->expires = until;
	ha_set_due(h, b);
}

static void
forget(struct ha *h, struct ha_bind *b, mono_t now)
{
	retire(h, b, now);
	ha_cache_remove(&h->cache, b);
}

/* whoever else has a claim of reg's loses his binding; the verdict allowed it. */
static void
take_over(struct ha *h, const struct ha_bind *b, const struct ha_reg *reg, mono_t now)
{
	struct ip6_prefix claims[HA_CLAIMS_MAX];
	uint8_t n = ha_reg_claims(reg, claims);

	for (uint8_t i = 0; i < n; i++) {
		struct ha_bind *other = trie_get(&h->cache.claims, &claims[i]);

		if (!other || other == b)
			continue;
		ha_say(h, HA_EV_DROPPED, HA_PREFIX_TAKEN, &other->reg, NULL);
		retire(h, other, mono_add_ms(now, HA_DELETE_MS));
	}
}

/* The former care-of addresses that are still in their grace once b moves to coa. */
static uint8_t
lates_after(const struct ha *h, const struct ha_bind *b, const struct in6_addr *coa, mono_t now,
    struct ha_late late[static HA_LATE_MAX])
{
	uint8_t n = 0;

	if (b->state != HA_BOUND)
		return 0;
	if (h->policy->grace_ms > 0 && !ip6_equal(&b->reg.coa, coa)) {
		late[n].coa = b->reg.coa;
		late[n++].until = mono_add_ms(now, h->policy->grace_ms);
	}
	for (uint8_t i = 0; i < b->lates && n < HA_LATE_MAX; i++) {
		if (!ip6_equal(&b->late[i].coa, coa) && !mono_reached(now, b->late[i].until))
			late[n++] = b->late[i];
	}
	return n;
}

/* After a restart the first who registers has his own plan now (ha_adopt.h). */
static void
relieve_adopted(struct ha *h, const struct ha_reg *reg)
{
	struct ip6_prefix claims[HA_CLAIMS_MAX];
	uint8_t n = ha_reg_claims(reg, claims);

	for (uint8_t i = 0; i < n; i++)
		ha_adopted_yield(&h->adopted, h->want, &claims[i]);
}

/* Kernel first, then memory. 0; or -errno and b, and the kernel, are as they were. */
static int
establish(struct ha *h, struct ha_bind *b, const struct ha_reg *reg, mono_t now)
{
	struct ha_late late[HA_LATE_MAX];
	uint8_t lates = lates_after(h, b, &reg->coa, now, late);
	int r;

	r = ha_install(h, b, reg, late, lates);
	if (r < 0)
		return r;
	take_over(h, b, reg, now);
	r = ha_cache_claim(&h->cache, b, reg);
	if (r < 0)
		goto undo;

	if (b->state != HA_BOUND) {
		h->bound++;
		b->since = now;
		b->moves = 0;
	} else if (!ip6_equal(&b->reg.coa, &reg->coa)) {
		b->moves++;
	}
	b->state = HA_BOUND;
	b->reg = *reg;
	b->lates = lates;
	memcpy(b->late, late, lates * sizeof(late[0]));
	relieve_adopted(h, reg);
	return 0;

undo:
	/* No memory for a claim: back to the plan that b has for what it still is. */
	if (b->state == HA_BOUND) {
		lates = lates_after(h, b, &b->reg.coa, now, late);
		(void)ha_install(h, b, &b->reg, late, lates);
	} else {
		plan_clear(&h->next);
		(void)want_change(h->want, &b->plan, &h->next, NULL);
	}
	return r;
}

static bool
same_prefixes(const struct ha_reg *a, const struct ha_reg *b)
{
	if (a->n != b->n)
		return false;
	for (uint8_t i = 0; i < a->n; i++) {
		if (!ip6_prefix_equal(&a->prefix[i], &b->prefix[i]))
			return false;
	}
	return true;
}

/* Returns what came of it: v->reason, or what went wrong. */
static enum ha_reason
register_binding(
    struct ha *h, const struct ha_verdict *v, const struct in6_addr *sender, mono_t now)
{
	struct ha_bind *b = ha_cache_find(&h->cache, &v->reg.hoa);
	bool is_new = !b;
	struct in6_addr previous;
	bool changed;
	int r;

	if (is_new && ha_cache_add(&h->cache, &v->reg.hoa, &b) < 0)
		return HA_MEMORY;
	previous = b->reg.coa;
	changed = !same_prefixes(&b->reg, &v->reg);
	r = establish(h, b, &v->reg, now);
	if (r < 0) {
		if (is_new)
			ha_cache_remove(&h->cache, b);
		return r == -ENOMEM ? HA_MEMORY : HA_KERNEL;
	}
	b->expires = mono_add_ms(now, (int64_t)v->reg.lifetime_s * 1000);
	if (v->reason == HA_MOVED)
		ha_hand_moved(h, b, &previous, sender, now);
	if (v->reason == HA_REGISTERED)
		ha_home_bound(h, b, now);
	ha_set_due(h, b);

	if (v->reason == HA_MOVED)
		ha_say(h, HA_EV_MOVED, v->reason, &b->reg, &previous);
	else if (v->reason == HA_REFRESHED && !changed)
		ha_say(h, HA_EV_REFRESHED, v->reason, &b->reg, NULL);
	else
		ha_say(h, HA_EV_REGISTERED, v->reason, &b->reg, NULL);
	return v->reason;
}

static void
deregister(struct ha *h, const struct ha_verdict *v, mono_t now)
{
	struct ha_bind *b = ha_cache_find(&h->cache, &v->reg.hoa);
	bool was_bound = b->state == HA_BOUND;

	b->reg.seq = v->reg.seq;
	if (was_bound)
		ha_say(h, HA_EV_DEREGISTERED, v->reason, &b->reg, NULL);
	retire(h, b, mono_add_ms(now, HA_DELETE_MS));
}

/* ---- messages ---- */

/* The deed and the answer; status is what authentication has against it. */
static void
settle(struct ha *h, mono_t now, const struct ip6_mh_packet *p, const struct ha_request *q,
    struct ha_verdict *v, int status)
{
	if (v->reason == HA_DEREGISTERED)
		deregister(h, v, now);
	else if (v->reason == HA_REGISTERED || v->reason == HA_REFRESHED || v->reason == HA_MOVED)
		v->reason = register_binding(h, v, &q->src, now);

	if (v->reason != HA_AUTHENTICATION)
		status = ha_reason_status(v->reason);
	if (status == HA_SILENT || status >= 128)
		ha_say_no(h, v->reason, p, q, status);
	else
		h->counted[v->reason]++;
	if (status != HA_SILENT)
		ha_acknowledge(h, p, v, status, now);
}

void
ha_settle(struct ha *h, const struct ha_request *q, enum ha_reason found, mono_t now)
{
	const struct ip6_mh_packet p = { .src = q->src, .has_hao = q->has_hao, .hao = q->hoa };
	struct ha_view view = ha_view_of(h);
	struct ha_verdict v;

	ha_verdict(&view, q, now, &v);
	if (v.reason == HA_REGISTERED)
		v.reason = found;
	settle(h, now, &p, q, &v, 0);
}

static void
receive_update(struct ha *h, mono_t now, const struct ip6_mh_packet *p, const struct mh *m)
{
	int status = h->ops->authenticate ? h->ops->authenticate(h->ctx, p, m) : 0;
	struct ha_view view = ha_view_of(h);
	struct ha_request q;
	struct ha_verdict v;

	ha_request_from(p, m, &q);
	if (status < 0) {
		ha_say_no(h, HA_UNAUTHENTICATED, p, &q, HA_SILENT);
		return;
	}
	ha_verdict(&view, &q, now, &v);
	if (status >= 128 && ha_reason_status(v.reason) != HA_SILENT) {
		v.reason = HA_AUTHENTICATION; /* S-11; still not to whom M-24 forbids */
		v.seq = q.seq;
	}
	if (ha_request_deregisters(&q) && v.reason != HA_AUTHENTICATION)
		ha_home_withdraw(h, &q);
	if (v.reason == HA_REGISTERED)
		v.reason = ha_home_test(h, &q, now, &v.seq);
	if (v.reason == HA_WAITING)
		h->counted[HA_WAITING]++;
	else
		settle(h, now, p, &q, &v, status);
}

/* M-08: only somebody whose binding says so may speak with a home address. */
static void
receive_other(struct ha *h, mono_t now, const struct ip6_mh_packet *p)
{
	const struct ha_bind *b;

	if (!p->has_hao || p->upper == IP6_ESP || p->upper == IP6_AH)
		return;
	b = ha_cache_find(&h->cache, &p->hao);
	if (ha_bind_is_live(b, now) && ip6_equal(&b->reg.coa, &p->src))
		return;
	ha_say_no(h, HA_NO_HAO_BINDING, p, NULL, HA_SILENT);
	if (ha_may_send_error(h, now, p))
		ha_binding_error(h, p, 1);
}

/* False: a message that home agents do not take, or with headers it does not come in (M-06). */
static bool
receive_known(struct ha *h, mono_t now, const struct ip6_mh_packet *p, const struct mh *m)
{
	struct hand hand;

	if (p->has_rh2 || (p->has_hao && m->type != MH_BU))
		return false;
	if (m->type == MH_BU) {
		receive_update(h, now, p, m);
		return true;
	}
	if (m->type == MH_UPA)
		return ha_hand_heard(h, p, m);
	if (hand_get(m, &hand) < 0 || hand.kind != HAND_ASK)
		return false;
	ha_hand_ask(h, now, p, m, &hand);
	return true;
}

static void
receive_mh(struct ha *h, mono_t now, const struct ip6_mh_packet *p)
{
	struct mh m;
	size_t at;

	switch (mh_get(p, &m, &at)) {
	case MH_OK:
		if (!receive_known(h, now, p, &m))
			ha_say_no(h, HA_NOT_FOR_US, p, NULL, HA_SILENT);
		return;
	case MH_DROP:
		ha_say_no(h, HA_MALFORMED, p, NULL, HA_SILENT);
		return;
	case MH_UNKNOWN:
		ha_say_no(h, HA_UNKNOWN_TYPE, p, NULL, HA_SILENT);
		if (ha_may_send_error(h, now, p))
			ha_binding_error(h, p, 2);
		return;
	case MH_PROBLEM:
		ha_say_no(h, HA_BAD_HEADER, p, NULL, HA_SILENT);
		if (ha_may_send_error(h, now, p))
			ha_parameter_problem(h, p, at);
		return;
	}
}

void
ha_receive(struct ha *h, struct tick t, const struct ip6_mh_packet *p)
{
	ha_tick(h, t); /* so that nothing is bound whose time is over */
	if (p->has_hao && !ip6_is_unicast_routable(&p->hao)) /* M-07, before all else */
		ha_say_no(h, HA_HOME_ADDRESS, p, NULL, HA_SILENT);
	else if (p->mh)
		receive_mh(h, t.now, p);
	else
		receive_other(h, t.now, p);
	rearm(h);
}

/* ---- time ---- */

/* the grace of one or more former care-of addresses is over, or a wait (ha_hand.h). */
static void
tick_binding(struct ha *h, struct ha_bind *b, mono_t now)
{
	bool stale = ha_hand_tick(h, b, now);
	struct ha_late late[HA_LATE_MAX];
	uint8_t lates = lates_after(h, b, &b->reg.coa, now, late);

	if ((stale || lates != b->lates) && ha_install(h, b, &b->reg, late, lates) < 0) {
		/* Short of memory; leaving out is all that was asked, so a little later. */
		for (uint8_t i = 0; i < b->lates; i++)
			b->late[i].until = mono_add_ms(now, 1000);
	} else {
		b->lates = lates;
		memcpy(b->late, late, lates * sizeof(late[0]));
	}
	ha_set_due(h, b);
}

void
ha_tick(struct ha *h, struct tick t)
{
	struct ha_bind *b;

	while ((b = ha_due_first(&h->cache.due)) && mono_reached(t.now, b->due)) {
		if (!mono_reached(t.now, b->expires)) {
			tick_binding(h, b, t.now);
			continue;
		}
		if (b->state == HA_BOUND)
			ha_say(h, HA_EV_EXPIRED, HA_REASONS, &b->reg, NULL);
		forget(h, b, t.now);
	}
	ha_home_tick(h, t.now);
	if (mono_reached(t.now, h->adopted.until))
		ha_adopted_sift(&h->adopted, h->want, NULL);
	rearm(h);
}

mono_t
ha_deadline(const struct ha *h)
{
	const struct ha_bind *b = ha_due_first(&h->cache.due);

	return mono_min(
	    ha_home_deadline(&h->home), mono_min(b ? b->due : MONO_NEVER, h->adopted.until));
}

/* ---- configuration and command ---- */

/* What the binding would be if its last message came now. */
static void
judge_again(const struct ha *h, const struct ha_bind *b, mono_t now, struct ha_verdict *ret_verdict)
{
	struct ha_view view = ha_view_of(h);
	struct ha_request q = {
		.src = b->reg.coa,
		.hoa = b->reg.hoa,
		.coa = b->reg.coa,
		.has_hao = true,
		.inquiry = true,
		.seq = b->reg.seq,
		.flags = (uint16_t)(MH_BU_H | (b->reg.mobile_router ? MH_BU_R : 0)),
		.lifetime_s = b->reg.lifetime_s,
		.n = b->reg.explicit ? b->reg.n : 0,
	};

	memcpy(q.prefix, b->reg.prefix, q.n * sizeof(q.prefix[0]));
	ha_verdict(&view, &q, now, ret_verdict);
}

/* M-21: no binding outlives its home prefix, whose lifetime may be less than it was. */
static void
keep_within_prefix(struct ha *h, struct ha_bind *b, mono_t now)
{
	const struct ha_link *l = ha_link_of(h->policy, &b->reg.hoa, NULL);

	if (!l)
		return;
	b->expires = mono_min(b->expires, mono_add_ms(now, l->valid_ms));
	ha_set_due(h, b);
}

static void
reconsider(struct ha *h, struct ha_bind *b, mono_t now)
{
	struct ha_verdict v;

	judge_again(h, b, now, &v);
	if (v.reason == HA_REFRESHED) {
		keep_within_prefix(h, b, now);
		v.reg.lifetime_s = b->reg.lifetime_s; /* what was granted stays granted */
		if (establish(h, b, &v.reg, now) == 0)
			return;
		v.reason = HA_KERNEL;
	}
	ha_say(h, HA_EV_DROPPED, v.reason, &b->reg, NULL);
	forget(h, b, now);
}

int
ha_configure(
    struct ha *h, const struct ha_policy *policy, const struct ha_table *table, struct tick t)
{
	struct ha_bind *b, *after;
	int r;

	ha_tick(h, t);
	plan_clear(&h->next);
	ha_plan_underneath(&h->next, policy, table);
	r = h->next.bad ? -ENOMEM : want_change(h->want, &h->underneath, &h->next, NULL);
	if (r < 0)
		return r;
	h->policy = policy;
	h->table = table;
	ha_adopted_sift(&h->adopted, h->want, table);
	/* Only b itself can be freed meanwhile: who is taken over stays, as deleted. */
	HASH_ITER (hh, h->cache.by_hoa, b, after) {
		if (b->state == HA_BOUND)
			reconsider(h, b, t.now);
	}
	rearm(h);
	return 0;
}

int
ha_adopt(struct ha *h, const struct plan *found, struct tick t)
{
	mono_t until = mono_add_ms(t.now, h->policy->lifetime_max_ms);
	int r = ha_adopted_take(&h->adopted, h->want, h->policy, h->table, found, until);

	rearm(h);
	return r;
}

size_t
ha_adopted(const struct ha *h)
{
	return ha_adopted_n(&h->adopted);
}

void
ha_inquire(
    const struct ha *h, struct tick t, const struct ha_request *q, struct ha_verdict *ret_verdict)
{
	struct ha_view view = ha_view_of(h);

	ha_verdict(&view, q, t.now, ret_verdict);
}

int
ha_drop(struct ha *h, struct tick t, const struct in6_addr *hoa)
{
	struct ha_bind *b;

	ha_tick(h, t);
	b = ha_cache_find(&h->cache, hoa);
	if (!b)
		return -ENOENT;
	if (b->state == HA_BOUND)
		ha_say(h, HA_EV_DROPPED, HA_REASONS, &b->reg, NULL);
	forget(h, b, t.now);
	rearm(h);
	return 0;
}

/* ---- made, unmade, looked at ---- */

struct ha *
ha_new(struct want *want, const struct ha_ops *ops, void *ctx)
{
	struct ha *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->want = want;
	h->ops = ops;
	h->ctx = ctx;
	h->armed = MONO_NEVER;
	h->errors_since = (mono_t){ INT64_MIN / 2 };
	ha_cache_init(&h->cache);
	ha_adopted_init(&h->adopted);
	return h;
}

void
ha_free(struct ha *h)
{
	if (!h)
		return;
	ha_cache_done(&h->cache);
	ha_adopted_done(&h->adopted);
	ha_home_done(&h->home);
	plan_done(&h->underneath);
	plan_done(&h->next);
	free(h);
}

const struct ha_cache *
ha_bindings(const struct ha *h)
{
	return &h->cache;
}

size_t
ha_bound(const struct ha *h)
{
	return h->bound;
}

uint64_t
ha_counted(const struct ha *h, enum ha_reason r)
{
	assert(r < HA_REASONS);
	return h->counted[r];
}
