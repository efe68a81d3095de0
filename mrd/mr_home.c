/* mr_home.c - see mr_home.h. */
#include "mrd/mr_home.h"

#include <assert.h>
#include <string.h>

/* ---- the host ---- */

void
mr_home_configure(struct mr_home *home, const struct ip6_prefix *prefix, unsigned n, bool learn)
{
	assert(n <= MR_HOME_PREFIX_MAX);
	if (n > 0)
		memcpy(home->prefix, prefix, n * sizeof(prefix[0]));
	home->prefixes = n;
	home->learn = learn;
	if (!learn)
		home->learnt = 0;
}

/* Does the uplink have an address in it? */
static bool
is_on_link(const struct mr_home *home, const struct ip6_prefix *p)
{
	for (unsigned i = 0; i < home->addresses; i++) {
		if (ip6_prefix_has(p, &home->address[i]))
			return true;
	}
	return false;
}

void
mr_home_addresses(struct mr_home *home, const struct mr_move_addr *v, size_t n)
{
	unsigned kept = 0;

	for (unsigned k = 0; k < home->addresses; k++) {
		for (size_t i = 0; i < n; i++)
			kept += !v[i].tentative && ip6_equal(&v[i].addr, &home->address[k]);
	}
	/* None of the former ones: another link, with other neighbours (RFC 6275 11.5.1). */
	if (kept == 0) {
		home->learnt = 0;
		home->agents = 0;
	}
	home->addresses = 0;
	for (size_t i = 0; i < n && home->addresses < MR_HOME_ADDRESS_MAX; i++) {
		if (!v[i].tentative && ip6_is_unicast_routable(&v[i].addr))
			home->address[home->addresses++] = v[i].addr;
	}
}

static void
learn(struct mr_home *home, const struct nd_prefix *p, mono_t now)
{
	struct mr_home_learnt *l = home->learn_v;
	unsigned i = 0;

	while (i < home->learnt && !ip6_prefix_overlaps(&l[i].prefix, &p->prefix))
		i++;
	if (i == MR_HOME_PREFIX_MAX)
		return;
	if (i == home->learnt)
		home->learnt++;
	l[i].prefix = p->prefix;
	l[i].until =
	    p->valid_s == UINT32_MAX ? MONO_NEVER : mono_add_ms(now, (int64_t)p->valid_s * 1000);
}

bool
mr_home_advertised(struct mr_home *home, const struct nd_path *path, const struct nd_ra *ra,
    const struct in6_addr *agent, mono_t now)
{
	bool ours = false;

	if (!(ra->flags & ND_RA_H))
		return false;
	for (unsigned i = 0; i < ra->prefixes; i++)
		ours = ours || ((ra->prefix[i].flags & ND_PREFIX_R) &&
				   ip6_equal(&ra->prefix[i].prefix.addr, agent));
	if (!ours)
		return false;
	mr_home_neighbour(home, agent, &path->from);
	for (unsigned i = 0; home->learn && i < ra->prefixes; i++) {
		if (ra->prefix[i].flags & ND_PREFIX_L)
			learn(home, &ra->prefix[i], now);
	}
	return true;
}

void
mr_home_neighbour(struct mr_home *home, const struct in6_addr *agent, const struct nd_mac *mac)
{
	unsigned at = 0;

	while (at < home->agents && !ip6_equal(&home->agent[at].addr, agent))
		at++;
	if (at == home->agents && home->agents < MR_HOME_AGENT_MAX)
		home->agents++;
	if (at == MR_HOME_AGENT_MAX)
		at--;
	memmove(&home->agent[1], &home->agent[0], at * sizeof(home->agent[0]));
	home->agent[0] = (struct mr_home_agent){ .addr = *agent, .mac = *mac };
}

const struct nd_mac *
mr_home_mac(const struct mr_home *home, const struct in6_addr *agent)
{
	for (unsigned i = 0; i < home->agents; i++) {
		if (ip6_equal(&home->agent[i].addr, agent))
			return &home->agent[i].mac;
	}
	return NULL;
}

bool
mr_home_has(const struct mr_home *home, const struct in6_addr *home_address, mono_t now)
{
	struct ip6_prefix p = ip6_host(home_address);

	return mr_home_covers(home, &p, now);
}

bool
mr_home_covers(const struct mr_home *home, const struct ip6_prefix *p, mono_t now)
{
	for (unsigned i = 0; i < home->prefixes; i++) {
		if (ip6_prefix_covers(&home->prefix[i], p) && is_on_link(home, &home->prefix[i]))
			return true;
	}
	for (unsigned i = 0; i < home->learnt; i++) {
		const struct mr_home_learnt *l = &home->learn_v[i];

		if (!mono_reached(now, l->until) && ip6_prefix_covers(&l->prefix, p) &&
		    is_on_link(home, &l->prefix))
			return true;
	}
	return false;
}

mono_t
mr_home_due(const struct mr_home *home, mono_t now)
{
	mono_t due = MONO_NEVER;

	for (unsigned i = 0; i < home->learnt; i++) {
		if (!mono_reached(now, home->learn_v[i].until))
			due = mono_min(due, home->learn_v[i].until);
	}
	return due;
}

/* ---- one guest ---- */

void
mr_homing_init(struct mr_homing *h)
{
	*h = (struct mr_homing){ .phase = MR_ABROAD, .due = MONO_NEVER };
}

enum mr_homing_act
mr_homing_begin(struct mr_homing *h, bool mac_known, mono_t now)
{
	if (h->phase == MR_ASKING || h->phase == MR_AT_HOME)
		return MR_HOMING_NOTHING;
	if (mac_known) {
		h->phase = MR_AT_HOME;
		return MR_HOMING_RETURN;
	}
	h->phase = MR_ASKING;
	h->due = mono_add_ms(now, MR_HOME_ASK_MS);
	return MR_HOMING_SOLICIT;
}

/*
 * Also when nobody answered: then no home agent defends the Home Address, and the kernel
 * finds its address as any neighbour's, with a source that is the host's own.
 */
enum mr_homing_act
mr_homing_answered(struct mr_homing *h)
{
	if (h->phase != MR_ASKING)
		return MR_HOMING_NOTHING;
	h->phase = MR_AT_HOME;
	h->due = MONO_NEVER;
	return MR_HOMING_RETURN;
}

void
mr_homing_returned(struct mr_homing *h, mono_t now)
{
	h->left = MR_HOME_ANNOUNCE;
	h->due = now;
}

void
mr_homing_quiet(struct mr_homing *h)
{
	if (h->phase != MR_AT_HOME)
		return;
	h->left = 0;
	h->due = MONO_NEVER;
}

enum mr_homing_act
mr_homing_tick(struct mr_homing *h, mono_t now)
{
	if (!mono_reached(now, h->due))
		return MR_HOMING_NOTHING;
	if (h->phase == MR_ASKING)
		return mr_homing_answered(h);
	h->due = --h->left > 0 ? mono_add_ms(now, MR_HOME_ANNOUNCE_MS) : MONO_NEVER;
	return MR_HOMING_ANNOUNCE;
}
