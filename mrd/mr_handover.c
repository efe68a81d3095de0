/* mr_handover.c - see mr_core.h: a guest that moves, between mr_hand.h and the rest of the core. */
#include <string.h>

#include "mrd/mr_core.h"

/*
 * Who says `suspended` without the moment it stopped hears it late: libvirt's event comes
 * 1-2 ms after. What is sent twice is dropped by the guest; what is not sent is lost.
 */
#define STOPPED_BEFORE_US 3000
#define STOPPED_AT_US 200 /* the moment itself is taken a little after it */

/* ---- out ---- */

static void
send_to_agent(struct mr *mr, const struct mr_guest *g, const struct mh *m, bool with_home)
{
	uint8_t octets[MH_OCTETS_MAX];
	struct wire_writer w = { .base = octets, .len = sizeof(octets) };
	struct ip6_mh_out out = {
		.src = mr->host.careof,
		.dst = g->reg.with.home_agent,
		.with_hao = with_home,
		.home = g->conf.home_address,
		.mh = octets,
	};

	if (ip6_is_any(&out.src) || ip6_is_any(&out.dst) || mh_put(&w, m) < 0)
		return;
	out.mh_len = w.pos;
	if (mr->ops->send(mr->ctx, &out) < 0) /* as good as lost on the way: it is sent again */
		mr->count[MR_N_BU_FAILED]++;
}

static void
put_prefixes(struct mh *m, const struct mr_guest *g)
{
	if (!g->reg.with.explicit_mode)
		return;
	m->opts.n[MH_OPT_PREFIX] = g->conf.prefixes;
	memcpy(m->opts.prefix, g->conf.prefix, g->conf.prefixes * sizeof(g->conf.prefix[0]));
}

static void
ask(void *ctx, const struct mr_hand *hand, uint8_t code)
{
	struct mr_guest *g = ctx;
	struct mr *mr = g->owner;
	struct mh m = { .type = MH_EXPERIMENTAL };
	uint8_t octets[HAND_OCTETS];
	struct hand says = {
		.kind = HAND_ASK,
		.code = code,
		.id = hand->id,
		.flags = MH_BU_A | MH_BU_H | MH_BU_R,
		.lifetime_s = mr->reg_conf.lifetime_s,
		.home = g->conf.home_address,
		.careof = mr->host.careof,
	};

	put_prefixes(&m, g);
	hand_put(&m, &says, octets);
	mr->count[MR_N_ASKED]++;
	send_to_agent(mr, g, &m, false);
}

static bool
hand_over(void *ctx, const struct mr_hand *hand, const struct tick *now, uint16_t *ret_seq)
{
	struct mr_guest *g = ctx;
	struct mr *mr = g->owner;
	struct mh m = { .type = MH_BU };

	if (!mr_reg_number(&g->reg, now, ret_seq))
		return false;
	m.bu.seq = *ret_seq;
	m.bu.flags = MH_BU_A | MH_BU_H | MH_BU_R;
	m.bu.lifetime_s = mr->reg_conf.lifetime_s;
	m.opts.n[MH_OPT_ALTCOA] = 1;
	m.opts.altcoa = hand->target;
	put_prefixes(&m, g);
	mr->count[MR_N_HANDED]++;
	send_to_agent(mr, g, &m, true);
	return true;
}

static void
answered(void *ctx, const struct mr_hand *hand)
{
	struct mr_guest *g = ctx;
	struct mr *mr = g->owner;
	struct mr_event e = { .kind = MR_EVENT_ASKED, .guest = g, .status = hand->status };

	g->dirty = true; /* the way out is open, and the source's way in */
	mr->ops->event(mr->ctx, &e);
}

const struct mr_hand_ops mr_hand_ops = {
	.ask = ask,
	.hand_over = hand_over,
	.answered = answered,
};

/* ---- words ---- */

/* The Binding Update for the other host leaves before anything is done here. */
void
mr_handover_before(struct mr *mr, struct mr_guest *g, enum mr_guest_state to, bool for_good,
    const struct tick *now)
{
	switch (to) {
	case MR_RUNNING:
		mr_hand_running(&g->hand, now);
		break;
	case MR_SUSPENDED:
		mr_hand_suspended(&g->hand, now);
		break;
	case MR_LEAVING:
	case MR_ABSENT:
		if (for_good && g->state != MR_INCOMING)
			mr_hand_ended(&g->hand);
		else if (g->state != MR_LEAVING)
			mr_hand_gone(&g->hand, g->state == MR_INCOMING, now);
		break;
	case MR_INCOMING:
		/* At home it has no binding, and needs none. */
		if (!mr_home_has(&mr->host.home, &g->conf.home_address, now->now))
			mr_hand_incoming(&g->hand, ++mr->ask_id, now);
		break;
	case MR_GUEST_STATES:
		break;
	}
}

/* what it had not read goes after it, once the way is there. */
void
mr_handover_after(
    struct mr *mr, struct mr_guest *g, enum mr_guest_state from, const struct tick *now)
{
	const struct in6_addr *onward = mr_hand_onward(&g->hand);
	struct kobj_tunnel tunnel;
	int64_t since_us;
	int sent;

	if (!onward || !g->keeping || g->state == MR_RUNNING)
		return;
	memset(&tunnel, 0, sizeof(tunnel));
	tunnel.local = mr->host.careof;
	tunnel.remote = *onward;
	if (from == MR_INCOMING) /* it has never run here */
		since_us = 0;
	else if (mr->stopped_us)
		since_us = mr->stopped_us - STOPPED_AT_US;
	else
		since_us = now->unix_ms * 1000 - STOPPED_BEFORE_US;
	sent = mr->ops->send_kept(mr->ctx, g, since_us, &tunnel);
	if (sent > 0)
		mr->count[MR_N_KEPT_SENT] += (uint64_t)sent;
}

static bool
wants_copies(const struct mr_guest *g)
{
	if (!g->hand.conf->early)
		return false;
	if (g->state == MR_INCOMING) /* should it not come */
		return g->hand.expected;
	return !ip6_is_any(&g->hand.target) && (g->state == MR_RUNNING || g->state == MR_SUSPENDED);
}

static bool
others_keep(const struct mr *mr, const struct mr_guest *but)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (g != but && g->keeping && strcmp(g->conf.link, but->conf.link) == 0)
			return true;
	}
	return false;
}

void
mr_handover_settle(struct mr *mr, struct mr_guest *g)
{
	bool wants = wants_copies(g);

	if (wants == g->keeping)
		return;
	if (!others_keep(mr, g) && mr->ops->keep(mr->ctx, g->conf.link, wants) < 0 && wants)
		return; /* without copies, then; the next change tries again */
	g->keeping = wants;
}

/* ---- in ---- */

static void
acknowledge_notice(
    struct mr *mr, const struct ip6_mh_packet *p, const struct mh *upn, uint8_t status)
{
	uint8_t octets[64];
	struct wire_writer w = { .base = octets, .len = sizeof(octets) };
	struct mh m = { .type = MH_UPA, .upa = { .seq = upn->upn.seq, .status = status } };
	struct ip6_mh_out out = { .src = p->dst, .dst = p->src, .mh = octets };

	if (!upn->upn.acknowledge || mh_put(&w, &m) < 0)
		return;
	out.mh_len = w.pos;
	(void)mr->ops->send(mr->ctx, &out); /* it is asked for again */
}

static void
take_expected(struct mr *mr, struct mr_guest *g, const struct hand *h, const struct tick *now)
{
	struct mr_event e = { .kind = MR_EVENT_EXPECTED, .guest = g, .address = h->careof };
	bool news = !ip6_equal(&g->hand.target, &h->careof);

	if (g->state != MR_RUNNING && g->state != MR_SUSPENDED)
		return;
	if (!mr_hand_expected(&g->hand, h, &mr->host.careof, now) || !news)
		return;
	g->dirty = true;
	mr->ops->event(mr->ctx, &e);
}

static void
take_notice(struct mr *mr, struct mr_guest *g, const struct hand *h, const struct tick *now)
{
	if (h->kind == HAND_EXPECTED) {
		take_expected(mr, g, h, now);
	} else if (h->kind == HAND_SWITCHED && mr_hand_switched(&g->hand, h, now)) {
		/* The next number is newer than the source's, whatever its clock. */
		mr_seq_heard(&g->reg.seq, h->seq, now->unix_ms);
	}
}

static void
take_answer(struct mr *mr, struct mr_guest *g, const struct ip6_mh_packet *p, const struct hand *h,
    const struct tick *now)
{
	if (!mr_hand_answer(&g->hand, h, &mr->host.careof, now)) {
		mr_dropped(mr, MR_N_BA_NOT_ASKED, &p->src);
		return;
	}
	g->dirty = true;
	if (g->hand.ask == MR_ASK_NO)
		mr_live(mr, g, mr_life_rule(g->state, MR_WORD_GONE), MR_REG_DETACH, now);
	else if (!ip6_is_any(&h->careof))
		mr_seq_heard(&g->reg.seq, h->seq, now->unix_ms);
}

bool
mr_handover_take(
    struct mr *mr, const struct ip6_mh_packet *p, const struct mh *m, const struct tick *now)
{
	struct mr_guest *g;
	struct hand h;

	if (m->type != MH_EXPERIMENTAL && m->type != MH_UPN)
		return false;
	if (mr->ops->authentic && !mr->ops->authentic(mr->ctx, p, m)) {
		mr_dropped(mr, MR_N_BA_NOT_AUTHENTIC, &p->src);
		return true;
	}
	if (hand_get(m, &h) < 0 || h.kind == HAND_ASK) {
		mr_dropped(mr, MR_N_MH_UNEXPECTED, &p->src);
		if (m->type == MH_UPN)
			acknowledge_notice(mr, p, m, HAND_UPA_MISSING);
		return true;
	}
	g = mr_guests_by_home(&mr->guests, &h.home);
	if (m->type == MH_UPN) /* heard, whatever it means to us: nobody need say it again */
		acknowledge_notice(mr, p, m, 0);
	if (!g || !ip6_equal(&p->src, &g->reg.with.home_agent))
		mr_dropped(mr, MR_N_MH_NOT_OURS, &p->src);
	else if (h.kind == HAND_ANSWER)
		take_answer(mr, g, p, &h, now);
	else
		take_notice(mr, g, &h, now);
	return true;
}

bool
mr_handover_acknowledged(
    struct mr *mr, struct mr_guest *g, const struct mh *ba, const struct tick *now)
{
	struct mr_event e = { .kind = MR_EVENT_HANDED, .guest = g, .address = g->hand.target };

	if (g->hand.hands == 0 || g->hand.handed)
		return false;
	if (ba->ba.status == MH_SEQUENCE)
		mr_seq_learn(&g->reg.seq, ba->ba.seq, now->unix_ms);
	if (!mr_hand_acknowledged(&g->hand, &ba->ba, now))
		return false;
	if (g->hand.handed)
		mr->ops->event(mr->ctx, &e);
	return true;
}

/* It says of no guest: of all that have asked. */
void
mr_handover_not_understood(struct mr *mr, const struct ip6_mh_packet *p)
{
	struct mr_guest *g, *next;
	bool any = false;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (ip6_equal(&p->src, &g->reg.with.home_agent))
			any |= mr_hand_not_understood(&g->hand);
	}
	if (!any)
		mr_dropped(mr, MR_N_MH_UNEXPECTED, &p->src);
}

void
mr_handover_tick(struct mr_guest *g, const struct tick *now)
{
	const struct in6_addr before[2] = { g->hand.source, g->hand.target };

	mr_hand_tick(&g->hand, now);
	if (!ip6_equal(&before[0], &g->hand.source) || !ip6_equal(&before[1], &g->hand.target)) {
		g->dirty = true;
		g->retry = MONO_NEVER;
	}
}
