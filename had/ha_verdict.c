/*
 * ha_verdict.c - see ha_verdict.h.
 *
 * The order is that of the texts: RFC 6275 9.5.1 (is it a Binding Update, and a
 * newer one), 10.3.1 (do we serve this home address), 10.3.2 (de-registration),
 * RFC 3963 6.2 (prefixes). Where they are silent: form before authorization
 * before set-up. Steps are numbered; each names its requirement.
 */
#include "had/ha_verdict.h"

#include <string.h>

/* No reason against it so far. */
#define FINE HA_REASONS

/* What the steps hand on. */
struct check {
	const struct ha_view *view;
	const struct ha_request *q;
	const struct ha_bind *bind; /* the home address' own, if its sequence counts */
	bool live;		    /* it is bound and not only remembered */
	mono_t now;
	struct ha_reg *reg; /* filled in on the way */
};

void
ha_request_from(const struct ip6_mh_packet *p, const struct mh *bu, struct ha_request *ret_request)
{
	struct ha_request *q = ret_request;

	memset(q, 0, sizeof(*q));
	q->src = p->src;
	q->has_hao = p->has_hao;
	q->hoa = *ip6_mh_source(p);
	q->coa = bu->opts.n[MH_OPT_ALTCOA] ? bu->opts.altcoa : p->src;
	q->has_nonce = bu->opts.n[MH_OPT_NONCE] > 0;
	q->seq = bu->bu.seq;
	q->flags = bu->bu.flags;
	q->lifetime_s = bu->bu.lifetime_s;
	q->n = bu->opts.n[MH_OPT_PREFIX];
	memcpy(q->prefix, bu->opts.prefix, q->n * sizeof(q->prefix[0]));
}

bool
ha_request_deregisters(const struct ha_request *q)
{
	return q->lifetime_s == 0 || ip6_equal(&q->coa, &q->hoa);
}

/* ---- is it a Binding Update for us, and a newer one? RFC 6275 9.5.1 ---- */

static enum ha_reason
check_message(const struct check *c)
{
	const struct ha_request *q = c->q;
	bool home = q->flags & MH_BU_H, router = q->flags & MH_BU_R;

	/* 1. M-07, M-12: a home address that can be one; else silence. */
	if (!ip6_is_unicast_routable(&q->hoa))
		return HA_HOME_ADDRESS;
	/* 2. M-24: somebody to answer; else silence. */
	if (!ip6_is_unicast_routable(&q->src))
		return HA_SOURCE;
	/* 3. M-13: a care-of address that can be one; else silence, not status 174. */
	if (!ip6_is_unicast_routable(&q->coa))
		return HA_CAREOF;
	/* 4. M-11: nonce indices belong to correspondent registrations; else silence. */
	if (home && q->has_nonce)
		return HA_NONCE;
	/* 5. M-09, M-10: newer than the last, de-registered ones remembered (M-27): 135. */
	if (c->bind && !q->inquiry && !mh_seq_newer(q->seq, c->bind->reg.seq))
		return HA_SEQUENCE;
	/* 6. M-11: ours are all home registrations: 139. */
	if (c->live && !home)
		return HA_TYPE_CHANGE;
	/* 7. N-05: R without H: 140. */
	if (router && !home)
		return HA_ROUTER_WITHOUT_HOME;
	/* 8. M-12: we are no correspondent node, so its authorization cannot be right. */
	if (!home)
		return HA_CORRESPONDENT;
	return FINE;
}

/* ---- do we serve this home address? RFC 6275 10.3.1, RFC 3963 6.2 ---- */

static enum ha_reason
check_home(const struct check *c)
{
	/* 9. M-14: 131. */
	if (!c->view->policy->home_agent)
		return HA_NOT_AN_AGENT;
	/* 10. M-14, N-12: 132 only for what is outside of all we are configured to serve. */
	if (!ha_table_serves(c->view->table, &c->q->hoa))
		return HA_NOT_SERVED;
	/*
	 * 11. M-15: only a de-registration at home may come without the option. A
	 * lifetime from the home address itself is neither.
	 */
	if (!c->q->has_hao && c->q->lifetime_s > 0)
		return HA_NO_HOME_OPTION;
	return FINE;
}

/* ---- de-registration: RFC 6275 10.3.2, RFC 3963 6.7 ---- */

/* With its home address as care-of address (N-19) it must still come from either. */
static bool
may_deregister(const struct ha_request *q, const struct ha_bind *b)
{
	if (ip6_equal(&q->coa, &b->reg.coa))
		return true;
	return ip6_equal(&q->coa, &q->hoa) &&
	       (ip6_equal(&q->src, &b->reg.coa) || ip6_equal(&q->src, &q->hoa));
}

static enum ha_reason
check_deregistration(const struct check *c)
{
	/* 12. M-26: 133. R (N-09) and prefixes (N-21) are not looked at. */
	if (!c->bind)
		return HA_NO_BINDING;
	/*
	 * 13. X-02: 133, from elsewhere it is without effect. Repeated from the right
	 * place, because our answer was lost, it is answered as the first was.
	 */
	if (!may_deregister(c->q, c->bind))
		return HA_FOREIGN_CAREOF;
	return HA_DEREGISTERED;
}

/* ---- who else has it? ---- */

struct clash {
	const struct ip6_prefix *p;
	const struct ha_bind *self; /* whose claims do not count */
	mono_t now;
	bool unequal;		     /* somebody else's covers it or lies within it */
	const struct ha_bind *equal; /* who has exactly this */
};

static bool
see_clash(void *ctx, const struct ip6_prefix *q, void *value)
{
	struct clash *c = ctx;
	const struct ha_bind *b = value;

	if (b == c->self || !ha_bind_is_live(b, c->now))
		return true;
	if (ip6_prefix_equal(q, c->p))
		c->equal = b;
	else
		c->unequal = true;
	return true;
}

static struct clash
clashes(const struct check *c, const struct ip6_prefix *p)
{
	struct clash clash = { .p = p, .self = c->bind, .now = c->now };

	trie_overlaps(&c->view->cache->claims, p, see_clash, &clash);
	return clash;
}

/* ---- prefixes: RFC 3963 6.2 ---- */

static void
put_prefixes(struct ha_reg *reg, const struct ip6_prefix *v, uint8_t n)
{
	memcpy(reg->prefix, v, n * sizeof(*v));
	reg->n = n;
}

/* 16. N-02: from the message (explicit mode), else from the table (implicit mode). */
static void
take_prefixes(const struct check *c)
{
	const struct ha_guest *g = ha_table_guest(c->view->table, &c->q->hoa);
	struct ha_reg *reg = c->reg;

	reg->mobile_router = c->q->flags & MH_BU_R;
	if (!reg->mobile_router)
		return; /* N-06: a plain mobile node gets no prefix forwarded, asked or not */
	reg->explicit = c->q->n > 0;
	if (reg->explicit)
		put_prefixes(reg, c->q->prefix, c->q->n);
	else if (g)
		put_prefixes(reg, g->prefix, g->n);
}

static enum ha_reason
check_form(const struct check *c, uint8_t at)
{
	const struct ip6_prefix *p = &c->reg->prefix[at];

	/* 17. N-14: a prefix, and not one with our own address or a home link in it: 141. */
	if (!ip6_prefix_is_usable(p) || ip6_prefix_has(p, &c->view->policy->address) ||
	    ha_link_within(c->view->policy, p))
		return HA_PREFIX_FORM;
	for (uint8_t i = 0; i < at; i++) {
		if (ip6_prefix_overlaps(p, &c->reg->prefix[i]))
			return HA_PREFIX_FORM;
	}
	/* 18. N-14: within or around somebody else's: 141, unless nesting is configured. */
	if (!c->view->policy->nested &&
	    (clashes(c, p).unequal ||
		ha_table_allows(c->view->table, &c->q->hoa, p) == HA_OVERLAPS))
		return HA_PREFIX_OVERLAP;
	return FINE;
}

static enum ha_reason
check_authorization(const struct check *c, const struct ip6_prefix *p)
{
	const struct ha_bind *holder = clashes(c, p).equal;

	/* 19. N-11, N-15: 142. */
	if (ha_table_allows(c->view->table, &c->q->hoa, p) == HA_DENIED)
		return HA_NOT_AUTHORIZED;
	/* 20. X-07: another home address has it: 142, unless takeover is configured. */
	if (holder && (!c->view->policy->takeover || ip6_prefix_has(p, &holder->reg.hoa)))
		return HA_PREFIX_TAKEN;
	return FINE;
}

static enum ha_reason
check_prefixes(const struct check *c)
{
	enum ha_reason r = FINE;

	for (uint8_t i = 0; i < c->reg->n && r == FINE; i++)
		r = check_form(c, i);
	for (uint8_t i = 0; i < c->reg->n && r == FINE; i++)
		r = check_authorization(c, &c->reg->prefix[i]);
	/* 21. N-16: implicit, and nothing configured: 143. */
	if (r == FINE && c->reg->mobile_router && c->reg->n == 0)
		r = HA_NO_PREFIX;
	return r;
}

/* ---- registration ---- */

/* Is the home address ours, or somebody else's? Inside its own prefixes it cannot be. */
static bool
home_is_taken(const struct check *c)
{
	struct ip6_prefix claims[HA_CLAIMS_MAX];
	uint8_t n = ha_reg_claims(c->reg, claims);
	struct clash clash;

	if (ip6_equal(&c->q->hoa, &c->view->policy->address))
		return true;
	if (n == c->reg->n)
		return false;
	clash = clashes(c, &claims[n - 1]);
	if (clash.equal)
		return true;
	return !c->view->policy->nested &&
	       (clash.unequal || ha_table_covers(c->view->table, &c->q->hoa));
}

/*
 * Would packets to the care-of address come back into this tunnel? A care-of
 * address may lie in another guest's prefix (nested mobile networks), and that
 * one's in a third; so follow them, not too far.
 */
static bool
careof_leads_back(const struct check *c)
{
	struct ip6_prefix claims[HA_CLAIMS_MAX];
	uint8_t n = ha_reg_claims(c->reg, claims);
	struct in6_addr a = c->reg->coa;

	for (int depth = 0; depth < 8; depth++) {
		struct ip6_prefix host = ip6_host(&a);
		const struct ha_bind *outer = trie_longest(&c->view->cache->claims, &host);

		for (uint8_t i = 0; i < n; i++) {
			if (ip6_prefix_has(&claims[i], &a))
				return true;
		}
		if (!outer || outer == c->bind || !ha_bind_is_live(outer, c->now))
			return false;
		a = outer->reg.coa;
	}
	return true;
}

/*
 * M-19: at most what was asked for, what is configured and what the home prefix has left,
 * in units of 4 s, never 0.
 */
static uint32_t
granted_s(const struct check *c)
{
	const struct ha_policy *policy = c->view->policy;
	const struct ha_link *link = ha_link_of(policy, &c->q->hoa, NULL);
	int64_t max_s = policy->lifetime_max_ms / 1000;
	uint32_t s;

	if (link && link->valid_ms / 1000 < max_s)
		max_s = link->valid_ms / 1000;
	s = c->q->lifetime_s < max_s ? c->q->lifetime_s : (uint32_t)max_s;
	return s < 4 ? 4 : s & ~3u;
}

/* M-21: deprecated, or deprecated before the binding ends, or invalid when it ends. */
static bool
prefix_ends(const struct check *c)
{
	const struct ip6_prefix *prefix;
	const struct ha_link *link = ha_link_of(c->view->policy, &c->q->hoa, &prefix);
	int64_t granted = c->reg->lifetime_s / 4;

	return link && (ha_link_preferred_ms(link, prefix) / 4000 < granted ||
			   link->valid_ms / 4000 <= granted);
}

static enum ha_reason
check_registration(const struct check *c)
{
	enum ha_reason r;

	/* 14. N-26: 140. */
	if ((c->q->flags & MH_BU_R) && !c->view->policy->mobile_routers)
		return HA_NO_ROUTERS;
	/* 15. N-09: 139. */
	if (c->live && c->bind->reg.mobile_router != !!(c->q->flags & MH_BU_R))
		return HA_ROUTER_CHANGE;
	take_prefixes(c);
	r = check_prefixes(c);
	if (r != FINE)
		return r;
	/* 22. A home address inside of somebody else's prefix would draw his packets: 129. */
	if (home_is_taken(c))
		return HA_HOME_TAKEN;
	/* 23. T-04: a tunnel from us to us, or one that leads into itself: 174. */
	if (ip6_equal(&c->q->coa, &c->view->policy->address) || careof_leads_back(c))
		return HA_CAREOF_LOOP;
	/* 24. M-16: nobody is thrown out to make room: 130. */
	if (!ha_cache_find(c->view->cache, &c->q->hoa) &&
	    c->view->cache->n >= c->view->policy->bindings_max)
		return HA_FULL;
	if (!c->live)
		return HA_REGISTERED;
	return ip6_equal(&c->bind->reg.coa, &c->q->coa) ? HA_REFRESHED : HA_MOVED;
}

void
ha_verdict(const struct ha_view *view, const struct ha_request *q, mono_t now,
    struct ha_verdict *ret_verdict)
{
	const struct ha_bind *b = ha_cache_find(view->cache, &q->hoa);
	struct ha_verdict *v = ret_verdict;
	struct check c = {
		.view = view,
		.q = q,
		.bind = ha_bind_has_seq(b, now) ? b : NULL,
		.live = ha_bind_is_live(b, now),
		.now = now,
		.reg = &v->reg,
	};

	memset(v, 0, sizeof(*v));
	v->reg.hoa = q->hoa;
	v->reg.coa = q->coa;
	v->reg.seq = q->seq;
	v->reg.lifetime_s = granted_s(&c);
	v->reg.link_local = c.live ? b->reg.link_local : q->flags & MH_BU_L;
	v->prefix_discovery = prefix_ends(&c);
	v->seq = q->seq; /* M-22 */

	v->reason = check_message(&c);
	if (v->reason == FINE)
		v->reason = check_home(&c);
	if (v->reason == FINE)
		v->reason =
		    ha_request_deregisters(q) ? check_deregistration(&c) : check_registration(&c);
	if (v->reason == HA_SEQUENCE)
		v->seq = c.bind->reg.seq;
}
