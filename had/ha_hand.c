/* ha_hand.c - see ha_hand.h. */
#include "had/ha_hand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "had/ha_core.h"

/* ---- who is told ---- */

static void
send_notice(struct ha *h, struct ha_notice *n, mono_t now)
{
	struct mh m = { .type = MH_UPN };
	uint8_t octets[HAND_OCTETS];

	m.upn.seq = n->seq;
	m.upn.reason = HAND_UPN_REASON;
	m.upn.acknowledge = true;
	m.upn.again = n->sends > 0;
	hand_put(&m, &n->says, octets);
	n->due = mono_add_ms(now, (int64_t)HA_NOTICE_MS << n->sends);
	n->sends++;
	ha_send_mh(h, &m, &n->to, NULL);
}

/* What was being said before to the same end is overtaken. */
static void
notify(struct ha *h, struct ha_notice *n, const struct in6_addr *to, const struct hand *says,
    mono_t now)
{
	*n = (struct ha_notice){
		.kind = says->kind, .to = *to, .says = *says, .seq = ++h->notice_seq
	};
	send_notice(h, n, now);
}

static void
tick_notice(struct ha *h, struct ha_notice *n, mono_t now)
{
	if (n->kind == HAND_NONE || !mono_reached(now, n->due))
		return;
	if (n->sends >= HA_NOTICE_SENDS)
		n->kind = HAND_NONE;
	else
		send_notice(h, n, now);
}

static mono_t
notice_due(const struct ha_notice *n)
{
	return n->kind == HAND_NONE ? MONO_NEVER : n->due;
}

/* Nobody is expected and nobody has to be told: no more memory for it. */
static void
end_if_idle(struct ha_bind *b)
{
	const struct ha_hand *hand = b->hand;

	if (ip6_is_any(&hand->expected) && hand->source.kind == HAND_NONE &&
	    hand->destination.kind == HAND_NONE)
		ha_hand_end(b);
}

/* The host that has the guest: this one is expected to get it. */
static void
tell_source(struct ha *h, struct ha_bind *b, mono_t now)
{
	struct hand says = {
		.kind = HAND_EXPECTED, .home = b->reg.hoa, .careof = b->hand->expected
	};

	notify(h, &b->hand->source, &b->reg.coa, &says, now);
}

/* ---- who is expected ---- */

static bool
expects(const struct ha_bind *b)
{
	return b->hand && !ip6_is_any(&b->hand->expected);
}

/* Kernel first. 0; or -errno and nothing has changed. */
static int
expect(struct ha *h, struct ha_bind *b, const struct in6_addr *coa, mono_t now)
{
	bool is_new = !b->hand;
	struct in6_addr before;
	int r;

	if (is_new)
		b->hand = calloc(1, sizeof(*b->hand));
	if (!b->hand)
		return -ENOMEM;
	before = b->hand->expected;
	b->hand->expected = *coa;
	r = ha_install(h, b, &b->reg, b->late, b->lates);
	if (r < 0) {
		b->hand->expected = before;
		if (is_new)
			ha_hand_end(b);
		return r;
	}
	b->hand->until = ip6_is_any(coa) ? MONO_NEVER : mono_add_ms(now, HA_EXPECT_MS);
	if (!ip6_equal(&before, coa))
		tell_source(h, b, now);
	ha_set_due(h, b);
	return 0;
}

static void
answer(struct ha *h, const struct ip6_mh_packet *p, const struct hand *ask, int status,
    const struct ha_verdict *v, const struct ha_bind *b)
{
	struct mh m = { .type = MH_EXPERIMENTAL };
	struct hand says = {
		.kind = HAND_ANSWER, .code = (uint8_t)status, .id = ask->id, .home = ask->home
	};
	uint8_t octets[HAND_OCTETS];

	if (status < 128)
		says.lifetime_s = v->reg.lifetime_s;
	if (b) {
		says.seq = b->reg.seq;
		if (b->state == HA_BOUND)
			says.careof = b->reg.coa;
	}
	hand_put(&m, &says, octets);
	ha_send_mh(h, &m, &p->src, NULL);
}

/* The Binding Update it would send. */
static struct ha_request
request_of(const struct ip6_mh_packet *p, const struct mh *m, const struct hand *ask)
{
	struct ha_request q = {
		.src = p->src,
		.hoa = ask->home,
		.coa = ask->careof,
		.has_hao = true,
		.inquiry = true,
		.flags = ask->flags,
		.lifetime_s = ask->lifetime_s,
		.n = m->opts.n[MH_OPT_PREFIX],
	};

	memcpy(q.prefix, m->opts.prefix, q.n * sizeof(q.prefix[0]));
	return q;
}

/* Whoever asks asks for himself, and for something: a lifetime of 0 is no question. */
static bool
is_sound(const struct ha_request *q)
{
	return ip6_equal(&q->src, &q->coa) && !ha_request_deregisters(q);
}

void
ha_hand_ask(struct ha *h, mono_t now, const struct ip6_mh_packet *p, const struct mh *m,
    const struct hand *ask)
{
	struct ha_request q = request_of(p, m, ask);
	struct ha_bind *b = ha_cache_find(&h->cache, &ask->home);
	struct ha_view view = ha_view_of(h);
	struct ha_verdict v;
	int status = h->ops->authenticate ? h->ops->authenticate(h->ctx, p, m) : 0;

	if (status != 0) { /* nobody is told what he may not do */
		ha_say_no(h, HA_UNAUTHENTICATED, p, &q, HA_SILENT);
		return;
	}
	if (!is_sound(&q)) {
		ha_say_no(h, HA_CAREOF, p, &q, HA_SILENT);
		return;
	}
	ha_verdict(&view, &q, now, &v);
	if (v.reason == HA_MOVED && ask->code == HAND_EXPECT_ME) {
		int r = expect(h, b, &q.coa, now);

		if (r < 0)
			v.reason = r == -ENOMEM ? HA_MEMORY : HA_KERNEL;
	} else if (ask->code != HAND_EXPECT_ME && b && expects(b) &&
		   ip6_equal(&b->hand->expected, &q.coa)) {
		/* To leave out is not refused; short of memory, time does it. */
		(void)expect(h, b, &in6addr_any, now);
	}
	status = ha_reason_status(v.reason);
	if (status == HA_SILENT || status >= 128)
		ha_say_no(h, v.reason, p, &q, status);
	else
		h->counted[HA_ASKED]++;
	if (status != HA_SILENT)
		answer(h, p, ask, status, &v, ha_bind_has_seq(b, now) ? b : NULL);
}

bool
ha_hand_heard(struct ha *h, const struct ip6_mh_packet *p, const struct mh *m)
{
	struct ha_bind *b, *after;

	/* Few guests move at once, and only those have a hand; still: a scan for an answer. */
	HASH_ITER (hh, h->cache.by_hoa, b, after) {
		struct ha_notice *v[2];

		if (!b->hand)
			continue;
		v[0] = &b->hand->source;
		v[1] = &b->hand->destination;
		for (int i = 0; i < 2; i++) {
			if (v[i]->kind == HAND_NONE || v[i]->seq != m->upa.seq ||
			    !ip6_equal(&v[i]->to, &p->src))
				continue;
			v[i]->kind = HAND_NONE;
			end_if_idle(b);
			ha_set_due(h, b);
			return true;
		}
	}
	return false;
}

void
ha_hand_moved(struct ha *h, struct ha_bind *b, const struct in6_addr *previous,
    const struct in6_addr *sender, mono_t now)
{
	struct hand says = { .kind = HAND_SWITCHED,
		.seq = b->reg.seq,
		.lifetime_s = b->reg.lifetime_s,
		.home = b->reg.hoa,
		.careof = *previous };

	if (!b->hand)
		return;
	b->hand->source.kind = HAND_NONE;
	if (ip6_equal(&b->hand->expected, &b->reg.coa)) {
		b->hand->expected = in6addr_any;
		b->hand->until = MONO_NEVER;
		if (!ip6_equal(sender, &b->reg.coa))
			notify(h, &b->hand->destination, &b->reg.coa, &says, now);
	} else if (expects(b)) {
		tell_source(h, b, now); /* another has it now */
	}
	end_if_idle(b);
}

/* ---- time ---- */

mono_t
ha_hand_due(const struct ha_bind *b)
{
	if (!b->hand)
		return MONO_NEVER;
	return mono_min(b->hand->until,
	    mono_min(notice_due(&b->hand->source), notice_due(&b->hand->destination)));
}

bool
ha_hand_tick(struct ha *h, struct ha_bind *b, mono_t now)
{
	struct ha_hand *hand = b->hand;
	bool over = false;

	if (!hand)
		return false;
	tick_notice(h, &hand->source, now);
	tick_notice(h, &hand->destination, now);
	if (mono_reached(now, hand->until)) {
		hand->expected = in6addr_any;
		hand->until = MONO_NEVER;
		over = true;
	}
	end_if_idle(b);
	return over;
}

void
ha_hand_end(struct ha_bind *b)
{
	free(b->hand);
	b->hand = NULL;
}

uint8_t
ha_hand_also(const struct ha_bind *b, const struct in6_addr *coa, const struct ha_late *late,
    uint8_t lates, struct ha_late ret_also[static HA_LATE_MAX + 1])
{
	uint8_t n = 0;

	if (expects(b) && !ip6_equal(&b->hand->expected, coa))
		ret_also[n++] = (struct ha_late){ b->hand->expected, b->hand->until };
	for (uint8_t i = 0; i < lates; i++) {
		if (n == 0 || !ip6_equal(&late[i].coa, &ret_also[0].coa))
			ret_also[n++] = late[i];
	}
	return n;
}
