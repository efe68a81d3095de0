/* ha_agents.c - see ha_agents.h. */
#include "had/ha_agents.h"

#include <stdlib.h>
#include <string.h>

#include "had/ha_random.h"

#define FOR_EVER UINT32_MAX /* of a prefix, RFC 4861 4.6.2 */

static struct ha_agent *
find(struct ha_agents *l, const struct in6_addr *linklocal)
{
	for (uint8_t i = 0; i < l->n; i++) {
		if (ip6_equal(&l->v[i].linklocal, linklocal))
			return &l->v[i];
	}
	return NULL;
}

static void
remove_agent(struct ha_agents *l, struct ha_agent *a)
{
	*a = l->v[--l->n];
}

static void
remove_address(struct ha_agent *a, uint8_t i)
{
	a->address[i] = a->address[--a->n];
}

/* Its address in a prefix with R; what does not fit is not taken. */
static void
hear_address(struct ha_agent *a, const struct nd_prefix *p, mono_t now)
{
	mono_t until =
	    p->valid_s == FOR_EVER ? MONO_NEVER : mono_add_ms(now, (int64_t)p->valid_s * 1000);
	uint8_t i = 0;

	if (!(p->flags & ND_PREFIX_R) || !ip6_is_unicast_routable(&p->prefix.addr))
		return;
	while (i < a->n && !ip6_equal(&a->address[i].addr, &p->prefix.addr))
		i++;
	if (p->valid_s == 0) {
		if (i < a->n)
			remove_address(a, i);
		return;
	}
	if (i == HA_AGENT_ADDRESSES_MAX)
		return;
	a->address[i].addr = p->prefix.addr;
	a->address[i].until = until;
	if (i == a->n)
		a->n++;
}

enum ha_agents_news
ha_agents_hear(struct ha_agents *l, const struct in6_addr *from, const struct nd_ra *ra, mono_t now)
{
	uint16_t lifetime_s = ra->agent.given ? ra->agent.lifetime_s : ra->lifetime_s;
	enum ha_agents_news news = HA_AGENTS_SAME;
	struct ha_agent *a;

	ha_agents_tick(l, now);
	a = find(l, from);
	if (!(ra->flags & ND_RA_H) || lifetime_s == 0) {
		if (!a)
			return HA_AGENTS_SAME;
		remove_agent(l, a);
		return HA_AGENTS_GONE;
	}
	if (!a) {
		if (l->n == HA_AGENTS_MAX)
			return HA_AGENTS_FULL;
		a = &l->v[l->n++];
		*a = (struct ha_agent){ .linklocal = *from };
		news = HA_AGENTS_NEW;
	}
	a->preference = ra->agent.given ? ra->agent.preference : 0;
	a->mobile_routers = ra->agent.given && ra->agent.mobile_routers;
	a->until = mono_add_ms(now, (int64_t)lifetime_s * 1000);
	for (uint8_t i = 0; i < ra->prefixes; i++)
		hear_address(a, &ra->prefix[i], now);
	return news;
}

void
ha_agents_tick(struct ha_agents *l, mono_t now)
{
	for (uint8_t i = l->n; i-- > 0;) {
		struct ha_agent *a = &l->v[i];

		for (uint8_t k = a->n; k-- > 0;) {
			if (mono_reached(now, a->address[k].until))
				remove_address(a, k);
		}
		if (mono_reached(now, a->until))
			remove_agent(l, a);
	}
}

mono_t
ha_agents_due(const struct ha_agents *l)
{
	mono_t due = MONO_NEVER;

	for (uint8_t i = 0; i < l->n; i++) {
		due = mono_min(due, l->v[i].until);
		for (uint8_t k = 0; k < l->v[i].n; k++)
			due = mono_min(due, l->v[i].address[k].until);
	}
	return due;
}

/* ---- the answer ---- */

struct ranked {
	const struct ha_agent *agent;
	uint32_t lot; /* among those of the same preference */
};

static int
by_rank(const void *va, const void *vb)
{
	const struct ranked *a = va, *b = vb;

	if (a->agent->preference != b->agent->preference)
		return a->agent->preference > b->agent->preference ? -1 : 1;
	return (a->lot > b->lot) - (a->lot < b->lot);
}

static size_t
rank(const struct ha_agents *l, const struct ha_agent *own, bool routers_only, uint32_t *random,
    struct ranked v[static HA_AGENTS_MAX + 1])
{
	size_t n = 0;

	for (uint8_t i = 0; i <= l->n; i++) {
		const struct ha_agent *a = i < l->n ? &l->v[i] : own;

		if (a->n > 0 && (a->mobile_routers || !routers_only))
			v[n++] = (struct ranked){ a, ha_random(random) };
	}
	qsort(v, n, sizeof(v[0]), by_rank);
	return n;
}

/* All of its addresses, in any order. */
static void
list(struct icmp6_dhaad *reply, const struct ha_agent *a, uint32_t *random)
{
	uint8_t order[HA_AGENT_ADDRESSES_MAX];

	for (uint8_t i = 0; i < a->n; i++) {
		uint8_t k = (uint8_t)(ha_random(random) % (i + 1u));

		order[i] = order[k];
		order[k] = i;
	}
	for (uint8_t i = 0; i < a->n && reply->n < ICMP6_AGENTS_MAX; i++)
		reply->agent[reply->n++] = a->address[order[i]].addr;
}

void
ha_agents_reply(const struct ha_agents *l, const struct ha_agent *own,
    const struct icmp6_dhaad *request, uint32_t *random, struct icmp6_dhaad *ret_reply)
{
	struct ranked v[HA_AGENTS_MAX + 1];
	size_t n = rank(l, own, request->mobile_router, random, v);

	*ret_reply = (struct icmp6_dhaad){ .reply = true, .id = request->id };
	ret_reply->mobile_router = request->mobile_router && n > 0;
	if (n == 0 && request->mobile_router)
		n = rank(l, own, false, random, v);
	for (size_t i = 0; i < n; i++)
		list(ret_reply, v[i].agent, random);
}
