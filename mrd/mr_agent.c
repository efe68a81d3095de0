/* mr_agent.c - see mr_agent.h. */
#include "mrd/mr_agent.h"

#include <assert.h>
#include <string.h>

#include "common/base/base.h"

/* ---- what happened ---- */

/*
 * RFC 3963 5.4.1, 5.4.2. What is not here ends it with this home agent, in either mode:
 * "rejected", RFC 6275 11.4.1, and 140.
 */
static const struct {
	uint8_t status;
	enum mr_outcome in_explicit, in_implicit;
} outcomes[] = {
	{ MH_UNSPECIFIED, MR_REFUSED_NOW, MR_REFUSED_NOW },
	{ MH_NO_RESOURCES, MR_REFUSED_NOW, MR_REFUSED_NOW },
	{ MH_DAD_FAILED, MR_REFUSED_FATAL, MR_REFUSED_FATAL }, /* RFC 6275 11.7.1 */
	{ MH_INVALID_PREFIX, MR_REFUSED_MODE, MR_REFUSED_FATAL },
	{ MH_NOT_AUTHORIZED, MR_REFUSED_MODE, MR_REFUSED_FATAL },
	{ MH_FORWARDING_FAILED, MR_REFUSED_FATAL, MR_REFUSED_MODE },
};

enum mr_outcome
mr_agent_outcome(uint8_t status, bool explicit_mode)
{
	for (size_t i = 0; i < countof(outcomes); i++) {
		if (outcomes[i].status == status)
			return explicit_mode ? outcomes[i].in_explicit : outcomes[i].in_implicit;
	}
	return MR_REFUSED_AGENT;
}

/* ---- home agents ---- */

static unsigned
index_of(const struct mr_agents *all, const struct in6_addr *agent)
{
	unsigned i = 0;

	while (i < all->n && !ip6_equal(&all->v[i], agent))
		i++;
	return i;
}

bool
mr_agents_have(const struct mr_agents *all, const struct in6_addr *agent)
{
	return index_of(all, agent) < all->n;
}

void
mr_agents_note(struct mr_agents *all, const struct in6_addr *agent, bool silent)
{
	unsigned i = index_of(all, agent);

	if (i < all->n)
		all->silent[i] = silent;
}

/* ---- what was tried ---- */

static bool
same(const struct mr_reg_with *a, const struct mr_reg_with *b)
{
	return a->explicit_mode == b->explicit_mode && ip6_equal(&a->home_agent, &b->home_agent);
}

static void
forget(struct mr_tried *tried, unsigned i)
{
	tried->n--;
	memmove(&tried->v[i], &tried->v[i + 1], (tried->n - i) * sizeof(tried->v[0]));
}

void
mr_tried_add(
    struct mr_tried *tried, const struct mr_reg_with *with, enum mr_outcome what, uint8_t status)
{
	for (unsigned i = 0; i < tried->n; i++) {
		if (same(&tried->v[i].with, with)) {
			forget(tried, i);
			break;
		}
	}
	if (tried->n == MR_TRIES_MAX) /* of home agents that are no more */
		forget(tried, 0);
	tried->v[tried->n++] = (struct mr_try){ .with = *with, .what = what, .status = status };
}

bool
mr_tried_lost_prefixes(const struct mr_tried *tried)
{
	for (unsigned i = 0; i < tried->n; i++) {
		if (tried->v[i].what == MR_REFUSED_MODE && tried->v[i].with.explicit_mode)
			return true;
	}
	return false;
}

/* It may answer otherwise if it is asked again. */
static bool
may_pass(const struct mr_try *t)
{
	return t->what == MR_UNANSWERED || t->what == MR_REFUSED_NOW;
}

static bool
is_refused(const struct mr_tried *tried, const struct mr_reg_with *with)
{
	for (unsigned i = 0; i < tried->n; i++) {
		const struct mr_try *t = &tried->v[i];

		if (t->what == MR_REFUSED_MODE && same(&t->with, with))
			return true;
		if (t->what == MR_REFUSED_AGENT &&
		    ip6_equal(&t->with.home_agent, &with->home_agent))
			return true;
	}
	return false;
}

/* Silence and want of resources say nothing about modes. */
static bool
was_asked(const struct mr_tried *tried, const struct mr_reg_with *with)
{
	for (unsigned i = 0; i < tried->n; i++) {
		if (may_pass(&tried->v[i]) &&
		    ip6_equal(&tried->v[i].with.home_agent, &with->home_agent))
			return true;
	}
	return false;
}

static bool
refused_for_its_mode(const struct mr_tried *tried, bool explicit_mode)
{
	for (unsigned i = 0; i < tried->n; i++) {
		if (tried->v[i].what == MR_REFUSED_MODE &&
		    tried->v[i].with.explicit_mode == explicit_mode)
			return true;
	}
	return false;
}

/* ---- what to do ---- */

static bool
begins_explicit(enum mr_mode mode)
{
	return mode == MR_EXPLICIT || mode == MR_EXPLICIT_FIRST;
}

static bool
has_both(enum mr_mode mode)
{
	return mode == MR_EXPLICIT_FIRST || mode == MR_IMPLICIT_FIRST;
}

bool
mr_mode_has(enum mr_mode mode, bool explicit_mode)
{
	return has_both(mode) || explicit_mode == begins_explicit(mode);
}

void
mr_agent_first(const struct mr_agents *all, enum mr_mode mode, struct mr_reg_with *ret_with)
{
	struct mr_reg_with with = { .explicit_mode = begins_explicit(mode) };
	unsigned i = 0;

	while (i < all->n && all->silent[i])
		i++;
	if (all->n > 0)
		with.home_agent = all->v[i < all->n ? i : 0];
	*ret_with = with;
}

/* The search for one: after whom, and what rules a home agent out. */
struct search {
	const struct mr_agents *all;
	const struct mr_tried *tried;
	struct in6_addr after;
	bool again;	/* who was asked without a final answer counts, too */
	bool but_after; /* not `after` itself */
};

/* In this mode; those behind `after` first, then from the beginning. */
static bool
find(const struct search *s, bool explicit_mode, struct mr_reg_with *ret_with)
{
	unsigned at = index_of(s->all, &s->after), from = at < s->all->n ? at + 1 : 0;

	for (unsigned i = 0; i < s->all->n; i++) {
		struct mr_reg_with with = { .explicit_mode = explicit_mode };

		with.home_agent = s->all->v[(from + i) % s->all->n];
		if (s->but_after && ip6_equal(&with.home_agent, &s->after))
			continue;
		if (is_refused(s->tried, &with) || (!s->again && was_asked(s->tried, &with)))
			continue;
		*ret_with = with;
		return true;
	}
	return false;
}

/* In the modes that are configured, the one to begin with first. */
static bool
find_again(struct search *s, enum mr_mode mode, struct mr_reg_with *ret_with)
{
	s->again = true;
	return find(s, begins_explicit(mode), ret_with) ||
	       (has_both(mode) && find(s, !begins_explicit(mode), ret_with));
}

static void
forget_what_may_pass(struct mr_tried *tried)
{
	for (unsigned i = tried->n - 1u; i-- > 0;) { /* but for the newest */
		if (may_pass(&tried->v[i]))
			forget(tried, i);
	}
}

enum mr_step
mr_agent_next(const struct mr_agents *all, enum mr_mode mode, struct mr_tried *tried,
    struct mr_reg_with *ret_with)
{
	const struct mr_try *newest = &tried->v[tried->n - 1];
	struct search s = { .all = all, .tried = tried, .after = newest->with.home_agent };
	bool explicit_mode = newest->with.explicit_mode;
	struct mr_reg_with with;

	assert(tried->n > 0);
	if (newest->what == MR_REFUSED_FATAL)
		return MR_STOP;
	if (find(&s, explicit_mode, &with))
		goto go;
	if (has_both(mode) && refused_for_its_mode(tried, explicit_mode) &&
	    find(&s, !explicit_mode, &with))
		goto go;
	s.but_after = newest->what == MR_UNANSWERED;
	if (newest->what == MR_REFUSED_NOW || !find_again(&s, mode, &with)) {
		forget_what_may_pass(tried);
		return may_pass(&tried->v[tried->n - 1]) ? MR_STAY : MR_STOP;
	}
	forget_what_may_pass(tried);
go:
	*ret_with = with;
	return MR_GO;
}

bool
mr_agent_has_other(const struct mr_agents *all, enum mr_mode mode, const struct mr_tried *tried,
    const struct mr_reg_with *with)
{
	struct search s = {
		.all = all, .tried = tried, .after = with->home_agent, .but_after = true
	};
	struct mr_reg_with other;

	return find_again(&s, mode, &other);
}

const char *
mr_mode_name(const struct mr_reg_with *with)
{
	return with->explicit_mode ? "explicit" : "implicit";
}
