/* mr_signal.c - see mr_core.h: Mobility Headers out and in (RFC 6275 9.2, 11; RFC 3963 5). */
#include <errno.h>
#include <string.h>

#include "common/wire/icmp6.h"
#include "mrd/mr_core.h"

/* ---- out ---- */

/*
 * L is clear although Home Address and gateway share an interface identifier: with
 * L the home agent would defend fe80::1 on its home link, and there are as many as
 * there are guests (RFC 6275 6.1.7). K is clear: there are no dynamic keys (M-40).
 */
static void
make_update(const struct mr_guest *g, const struct mr_reg_bu *bu, struct mh *ret_mh)
{
	struct mh m = { .type = MH_BU };

	m.bu.seq = bu->seq;
	m.bu.flags = MH_BU_A | MH_BU_H | MH_BU_R;
	m.bu.lifetime_s = bu->lifetime_s;
	m.opts.n[MH_OPT_ALTCOA] = 1;
	m.opts.altcoa = g->reg.careof;
	/* RFC 3963 5.2: all prefixes in every one, but for a de-registration (5.8). */
	if (g->reg.with.explicit_mode && bu->lifetime_s > 0) {
		m.opts.n[MH_OPT_PREFIX] = g->conf.prefixes;
		memcpy(m.opts.prefix, g->conf.prefix, g->conf.prefixes * sizeof(g->conf.prefix[0]));
	}
	*ret_mh = m;
}

static void
send_update(void *ctx, struct mr_reg *reg, const struct mr_reg_bu *bu, const struct tick *now)
{
	struct mr_guest *g = ctx;
	struct mr *mr = g->owner;
	uint8_t octets[MH_OCTETS_MAX];
	struct wire_writer w = { .base = octets, .len = sizeof(octets) };
	struct ip6_mh_out out = {
		.src = reg->careof,
		.dst = reg->with.home_agent,
		.with_hao = !reg->home, /* M-61: from the Home Address itself */
		.home = g->conf.home_address,
		.mh = octets,
	};
	struct mh m;

	(void)now;
	make_update(g, bu, &m);
	if (mh_put(&w, &m) < 0) {
		mr->count[MR_N_BU_FAILED]++;
		return;
	}
	out.mh_len = w.pos;
	/* As good as lost on the way: it is sent again. */
	if (mr->ops->send(mr->ctx, &out) < 0)
		mr->count[MR_N_BU_FAILED]++;
	else
		mr->count[MR_N_BU_SENT]++;
	g->dirty = g->dirty || reg->home; /* the Home Address may be used now */
}

/* ---- what became of a registration ---- */

/* A refusal that leaves the binding as it was; the others are told when they are decided upon. */
static void
refused_for_now(struct mr *mr, struct mr_guest *g)
{
	struct mr_event e = { .kind = MR_EVENT_REFUSED,
		.guest = g,
		.status = g->reg.last_status,
		.from = g->reg.with };

	mr->ops->event(mr->ctx, &e);
}

static void
accepted(struct mr *mr, struct mr_guest *g, mono_t now)
{
	struct mr_event e = { .kind = MR_EVENT_REGISTERED,
		.guest = g,
		.status = g->reg.last_status,
		.took_ms = now.ms - g->reg.asked.ms,
		.refresh = g->reg.refreshing };

	mr->count[MR_N_BA_ACCEPTED]++;
	mr_choose_worked(mr, g, now);
	mr_prefix_registered(g, now);
	mr->ops->event(mr->ctx, &e);
}

/* RFC 6275 11.5.5: now, and not before, everybody on the home link is told. */
static void
returned(struct mr *mr, struct mr_guest *g, mono_t now)
{
	struct mr_event e = { .kind = MR_EVENT_RETURNED,
		.guest = g,
		.status = g->reg.last_status,
		.took_ms = now.ms - g->reg.asked.ms };

	mr->count[MR_N_BA_ACCEPTED]++;
	mr_choose_worked(mr, g, now);
	mr->ops->event(mr->ctx, &e);
	if (!g->reg.held)
		mr_homing_returned(&g->homing, now);
	mr_gateway_changed(&g->gateway, now);
}

static void
refused(struct mr *mr, struct mr_guest *g, enum mr_reg_state from, enum mr_reg_event on)
{
	const struct mr_reg *reg = &g->reg;

	if (from == MR_REG_LEAVING || from == MR_REG_RETURNING ||
	    (from == MR_REG_UNROUTED && reg->state != MR_REG_BARRED))
		return;
	mr->count[MR_N_BA_REFUSED]++;
	if (reg->state == MR_REG_BOUND)
		refused_for_now(mr, g);
	else
		mr_choose_failed(mr, g,
		    on == MR_REG_NAK_LATER
			? MR_REFUSED_NOW
			: mr_agent_outcome(reg->last_status, reg->with.explicit_mode));
}

static void
reg_moved(void *ctx, struct mr_reg *reg, enum mr_reg_state from, enum mr_reg_event on,
    const struct tick *now)
{
	struct mr_guest *g = ctx;
	struct mr *mr = g->owner;
	struct mr_event lapsed = { .kind = MR_EVENT_LAPSED, .guest = g };

	if (reg->state != from) {
		g->dirty = true;
		g->retry = MONO_NEVER;
	}
	if (reg->state == MR_REG_IDLE)
		mr_prefix_init(&g->home_prefix);
	if (reg->state == MR_REG_HOME && from != MR_REG_HOME)
		returned(mr, g, now->now);
	switch (on) {
	case MR_REG_TAKEN:
	case MR_REG_ACK:
		if (reg->state == MR_REG_BOUND)
			accepted(mr, g, now->now);
		break;
	case MR_REG_ACK_UNROUTED:
	case MR_REG_NAK_LATER:
	case MR_REG_NAK_STOP:
	case MR_REG_NAK_BAR:
		refused(mr, g, from, on);
		break;
	case MR_REG_SILENT:
		mr_choose_failed(mr, g, MR_UNANSWERED);
		break;
	case MR_REG_NAK_SEQUENCE:
		mr->count[MR_N_BA_REFUSED]++;
		mr->ops->save(mr->ctx); /* the number learnt */
		break;
	case MR_REG_EXPIRE:
		if (reg->state == MR_REG_LAPSED)
			mr->ops->event(mr->ctx, &lapsed);
		break;
	case MR_REG_ATTACH:
	case MR_REG_HOLD:
	case MR_REG_DETACH:
	case MR_REG_DEREGISTER:
	case MR_REG_MOVE:
	case MR_REG_NUDGE:
	case MR_REG_FORCE:
	case MR_REG_PAUSE:
	case MR_REG_TIMER:
	case MR_REG_SWITCH:
	case MR_REG_GIVE_UP:
	case MR_REG_EVENTS:
		break;
	}
}

static bool
has_other(void *ctx, const struct mr_reg *reg)
{
	const struct mr_guest *g = ctx;

	(void)reg;
	return mr_choose_has_other(g->owner, g);
}

const struct mr_reg_ops mr_reg_ops = {
	.send = send_update,
	.moved = reg_moved,
	.has_other = has_other,
};

/* ---- in ---- */

/* Errors that we send: a stranger causes them, so their rate has an end. */
static bool
may_answer(struct mr *mr, mono_t now)
{
	if (now.ms - mr->answer_refilled.ms >= 1000) {
		mr->answer_refilled = now;
		mr->answer_tokens = MR_ANSWER_TOKENS;
	}
	if (mr->answer_tokens == 0)
		return false;
	mr->answer_tokens--;
	return true;
}

/* RFC 6275 9.2: an unknown type is answered with a Binding Error, status 2. */
static void
answer_unknown(struct mr *mr, const struct ip6_mh_packet *p)
{
	uint8_t octets[64];
	struct wire_writer w = { .base = octets, .len = sizeof(octets) };
	struct mh m = { .type = MH_BE, .be = { .status = 2 } };
	struct ip6_mh_out out = { .src = p->dst, .dst = p->src, .mh = octets };

	if (p->has_hao)
		m.be.home = p->hao;
	if (mh_put(&w, &m) < 0)
		return;
	out.mh_len = w.pos;
	(void)mr->ops->send(mr->ctx, &out); /* an error report may be lost */
}

/* RFC 6275 9.2: Parameter Problem, code 0, pointing at the field from the packet's start. */
static void
answer_problem(struct mr *mr, const struct ip6_mh_packet *p, size_t at)
{
	uint8_t octets[IP6_MIN_MTU];
	struct wire_writer w = { .base = octets, .len = sizeof(octets) };
	struct icmp6_error e = {
		.type = ICMP6_PARAMETER, .invoking = p->packet, .invoking_len = p->packet_len
	};
	struct ip6_icmp6_out out = { .src = p->dst, .dst = p->src, .icmp6 = octets };

	if (!p->packet)
		return;
	e.value = (uint32_t)((size_t)(p->mh - p->packet) + at);
	if (icmp6_error_put(&w, &e, &p->dst, &p->src) < 0)
		return;
	out.icmp6_len = w.pos;
	(void)mr->ops->icmp6(mr->ctx, &out); /* as above */
}

/* RFC 6275 11.7.3 */
static void
take_acknowledgement(struct mr *mr, struct mr_guest *g, const struct ip6_mh_packet *p,
    const struct mh *m, const struct tick *now)
{
	if (mr->ops->authentic && !mr->ops->authentic(mr->ctx, p, m))
		mr_dropped(mr, MR_N_BA_NOT_AUTHENTIC, &p->src);
	else if (!mr_handover_acknowledged(mr, g, m, now) && !mr_reg_answer(&g->reg, m, now))
		mr_dropped(mr, MR_N_BA_NOT_ASKED, &p->src);
}

static bool
is_home_agent(const struct mr_guest *g, const struct in6_addr *a)
{
	return ip6_equal(a, &g->reg.with.home_agent);
}

/*
 * RFC 6275 11.3.6: status 1, the home agent has lost the binding. Status 2 is about
 * an extension that we asked for: the one of mr_hand.h.
 */
static void
take_error(struct mr *mr, const struct ip6_mh_packet *p, const struct mh *m, const struct tick *now)
{
	struct mr_guest *g = mr_guests_by_home(&mr->guests, &m->be.home);

	if (m->be.status == 2)
		mr_handover_not_understood(mr, p);
	else if (!g || g->reg.state == MR_REG_IDLE)
		mr_dropped(mr, MR_N_MH_NOT_OURS, &p->src);
	else if (!is_home_agent(g, &p->src))
		mr_dropped(mr, MR_N_MH_STRANGER, &p->src);
	else if (m->be.status != 1)
		mr_dropped(mr, MR_N_MH_UNEXPECTED, &p->src);
	else
		mr_reg_word(&g->reg, MR_REG_NUDGE, now);
}

struct mr_guest *
mr_addressee(struct mr *mr, const struct ip6_mh_packet *p)
{
	const struct in6_addr *home = ip6_mh_destination(p);
	struct mr_guest *g = mr_guests_by_home(&mr->guests, home);

	if (!p->has_rh2 && !g) {
		mr_dropped(mr, MR_N_MH_NO_HOME, &p->src);
		return NULL;
	}
	if (!g) { /* RFC 6275 11.3.3 */
		mr_dropped(mr, MR_N_MH_NOT_OURS, &p->src);
		return NULL;
	}
	if (g->state == MR_ABSENT) {
		mr_dropped(mr, MR_N_MH_NOT_HERE, &p->src);
		return NULL;
	}
	if (!is_home_agent(g, &p->src)) { /* RFC 6275 11.7.4: whom we have a binding with */
		mr_dropped(mr, MR_N_MH_STRANGER, &p->src);
		return NULL;
	}
	return g;
}

static void
take_message(
    struct mr *mr, const struct ip6_mh_packet *p, const struct mh *m, const struct tick *now)
{
	struct mr_guest *g;

	if (!mr_agents_have(&mr->agents, &p->src)) {
		mr_dropped(mr, MR_N_MH_STRANGER, &p->src);
		return;
	}
	if (m->type == MH_BE) {
		take_error(mr, p, m, now);
		return;
	}
	if (mr_handover_take(mr, p, m, now))
		return;
	if (m->type != MH_BA && m->type != MH_BRR) {
		mr_dropped(mr, MR_N_MH_UNEXPECTED, &p->src);
		return;
	}
	g = mr_addressee(mr, p);
	if (g && m->type == MH_BA)
		take_acknowledgement(mr, g, p, m, now);
	else if (g)
		mr_reg_word(&g->reg, MR_REG_NUDGE, now);
}

void
mr_receive(struct mr *mr, const struct ip6_mh_packet *p, const struct tick *now)
{
	struct mh m;
	size_t at;

	if (!p->mh) { /* seen for its Home Address option; the kernel answers it or nobody does */
		mr_dropped(mr, MR_N_HOME_OPTION, &p->src);
		return;
	}
	switch (mh_get(p, &m, &at)) {
	case MH_OK:
		take_message(mr, p, &m, now);
		break;
	case MH_DROP:
		mr_dropped(mr, MR_N_MH_MALFORMED, &p->src);
		break;
	case MH_UNKNOWN:
		mr_dropped(mr, MR_N_MH_UNKNOWN, &p->src);
		if (may_answer(mr, now->now))
			answer_unknown(mr, p);
		break;
	case MH_PROBLEM:
		mr_dropped(mr, MR_N_MH_PROBLEM, &p->src);
		if (may_answer(mr, now->now))
			answer_problem(mr, p, at);
		break;
	}
	mr_settle(mr, now);
}

/* The registration whose unanswered Binding Update is quoted, or NULL. */
static struct mr_guest *
quoted(struct mr *mr, const struct icmp6_error *e)
{
	struct ip6_mh_packet p;
	struct mr_guest *g;
	struct mh m;
	size_t at;

	if (ip6_mh_packet_get(e->invoking, e->invoking_len, &p) < 0 || !p.mh)
		return NULL;
	g = mr_guests_by_home(&mr->guests, ip6_mh_source(&p));
	if (!g || p.has_hao == g->reg.home || !ip6_equal(&p.src, &g->reg.careof) ||
	    !is_home_agent(g, &p.dst))
		return NULL;
	if (mh_get(&p, &m, &at) != MH_OK || m.type != MH_BU)
		return NULL;
	return mr_reg_is_outstanding(&g->reg, m.bu.seq) ? g : NULL;
}

/*
 * RFC 6275 11.3.5. Anybody can send these, so they only slow down what is under
 * way, and only if they quote a Binding Update that still waits for its answer.
 */
void
mr_icmp6(
    struct mr *mr, const struct in6_addr *from, const uint8_t *p, size_t n, const struct tick *now)
{
	struct wire_reader r = { .base = p, .len = n };
	struct icmp6_error e;
	struct mr_guest *g = NULL;

	if (icmp6_error_get(&r, &e) == 0)
		g = quoted(mr, &e);
	if (!g) {
		mr_dropped(mr, MR_N_ICMP6_UNRELATED, from);
	} else if (e.type != ICMP6_PARAMETER) {
		mr_dropped(mr, MR_N_ICMP6_UNREACHABLE, from);
	} else if (e.code == 2) {
		mr_dropped(mr, MR_N_ICMP6_NO_HOME_OPTION, from);
	} else {
		mr_dropped(mr, MR_N_ICMP6_UNRECOGNIZED, from);
		mr_reg_word(&g->reg, MR_REG_PAUSE, now);
	}
	mr_settle(mr, now);
}
