/*
 * mr_choose.c - see mr_core.h: a guest's registration goes where mr_agent.h says, and its
 * tunnel with it (RFC 6275 11.4.1, RFC 3963 5.4).
 */
#include "mrd/mr_core.h"

void
mr_choose_first(struct mr *mr, struct mr_guest *g)
{
	g->tried.n = 0;
	g->undecided = false;
	g->withdrawn = false;
	g->live_until = (mono_t){ 0 };
	mr_agent_first(&mr->agents, (enum mr_mode)mr->conf.mode, &g->reg.with);
}

void
mr_choose_again(struct mr *mr, struct mr_guest *g)
{
	if (g->reg.state == MR_REG_STOPPED || g->reg.state == MR_REG_BARRED) {
		mr_agent_first(&mr->agents, (enum mr_mode)mr->conf.mode, &g->reg.with);
		g->dirty = true;
		g->retry = MONO_NEVER;
	}
	g->tried.n = 0;
	g->undecided = false;
}

bool
mr_choose_has_other(const struct mr *mr, const struct mr_guest *g)
{
	return mr_agent_has_other(
	    &mr->agents, (enum mr_mode)mr->conf.mode, &g->tried, &g->reg.with);
}

void
mr_choose_failed(struct mr *mr, struct mr_guest *g, enum mr_outcome what)
{
	const struct mr_reg *reg = &g->reg;

	mr_tried_add(&g->tried, &reg->with, what, what == MR_UNANSWERED ? 0 : reg->last_status);
	g->undecided = true;
	if (what == MR_UNANSWERED)
		mr_agents_note(&mr->agents, &reg->with.home_agent, true);
	else if (ip6_equal(&g->live.home_agent, &reg->with.home_agent))
		g->live_until = (mono_t){ 0 };
}

void
mr_choose_worked(struct mr *mr, struct mr_guest *g, mono_t now)
{
	mr_agents_note(&mr->agents, &g->reg.with.home_agent, false);
	g->tried.n = 0;
	g->undecided = false;
	g->live_until = (mono_t){ 0 };
	if (g->withdrawn) { /* its prefixes are good again */
		g->withdrawn = false;
		mr_gateway_changed(&g->gateway, now);
	}
}

/* What the former home agent had under way is still taken, for the grace (N-37, X-06). */
static void
go(struct mr *mr, struct mr_guest *g, const struct mr_reg_with *with, const struct tick *now)
{
	struct mr_event e = { .kind = MR_EVENT_AGENT, .guest = g, .from = g->reg.with };

	if (!ip6_equal(&g->reg.with.home_agent, &with->home_agent)) {
		g->late_agent = g->reg.with.home_agent;
		g->late_over = mono_add_ms(now->now, mr->conf.grace_ms);
	}
	mr_reg_switch(&g->reg, with, now);
	g->dirty = true;
	g->retry = MONO_NEVER;
	mr_gateway_changed(&g->gateway, now->now); /* another tunnel may have another MTU */
	mr->ops->event(mr->ctx, &e);
}

static void
tell_refused(struct mr *mr, struct mr_guest *g, enum mr_step step)
{
	const struct mr_try *t = &g->tried.v[g->tried.n - 1];
	struct mr_event e = { .kind = MR_EVENT_REFUSED,
		.guest = g,
		.status = t->status,
		.from = t->with,
		.fatal = step == MR_STOP };

	if (t->what != MR_UNANSWERED)
		mr->ops->event(mr->ctx, &e);
}

/*
 * RFC 3963 5.4.2: when nobody takes the prefixes, the guest is told so. A home agent that
 * did not answer before its binding ended there still has it (RFC 6275 11.4.1).
 */
static void
decide(struct mr *mr, struct mr_guest *g, const struct tick *now)
{
	struct mr_reg_with with;
	enum mr_step step =
	    mr_agent_next(&mr->agents, (enum mr_mode)mr->conf.mode, &g->tried, &with);

	g->undecided = false;
	mr_discover_want(&mr->discover, now->now); /* RFC 6275 11.4.1, RFC 3963 5.3 */
	tell_refused(mr, g, step);
	if (step == MR_STOP && mr_tried_lost_prefixes(&g->tried)) {
		g->withdrawn = true;
		mr_gateway_changed(&g->gateway, now->now);
	}
	if (step != MR_GO)
		return;
	if (g->reg.state == MR_REG_BOUND) {
		g->live = g->reg.with;
		g->live_until = g->reg.expires;
	}
	go(mr, g, &with, now);
}

/* What does not do NEMO is de-registered from before anybody else is asked (N-28). */
void
mr_choose_settle(struct mr *mr, struct mr_guest *g, const struct tick *now)
{
	switch (g->reg.state) {
	case MR_REG_WAITING:
	case MR_REG_BOUND:
	case MR_REG_LAPSED:
	case MR_REG_REFUSED:
	case MR_REG_STOPPED:
	case MR_REG_BARRED:
		if (g->undecided)
			decide(mr, g, now);
		break;
	case MR_REG_UNROUTED:
		break;
	case MR_REG_IDLE:
	case MR_REG_LEAVING:
	case MR_REG_RETURNING:
	case MR_REG_HOME:
	case MR_REG_STATES:
		g->undecided = false; /* nobody is asked for anything */
		break;
	}
}

void
mr_choose_live(struct mr *mr, struct mr_guest *g, const struct tick *now)
{
	struct mr_reg_with with = g->live;

	if (mono_reached(now->now, g->live_until) || !mr_agents_have(&mr->agents, &with.home_agent))
		return;
	g->live_until = (mono_t){ 0 };
	go(mr, g, &with, now);
}

/* The home agent it has is no more: what is known of it there is worth nothing. */
static void
begin_elsewhere(struct mr *mr, struct mr_guest *g, const struct tick *now)
{
	if (g->reg.state == MR_REG_BARRED) /* M-52 */
		return;
	mr_reg_word(&g->reg, MR_REG_DETACH, now);
	mr_choose_first(mr, g);
	(void)mr_apply(mr, g, now->now); /* tried again */
	if (g->state == MR_RUNNING)
		mr_reg_word(&g->reg, MR_REG_ATTACH, now);
}

void
mr_choose_changed(struct mr *mr, const struct tick *now)
{
	struct mr_guest *g, *next;

	HASH_ITER (hh, mr->guests.by_name, g, next) {
		if (!mr_agents_have(&mr->agents, &g->reg.with.home_agent))
			begin_elsewhere(mr, g, now);
		else if (g->reg.state == MR_REG_STOPPED && g->tried.n > 0)
			g->undecided = true; /* there may be somebody else now */
	}
}
