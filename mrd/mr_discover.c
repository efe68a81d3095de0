/* mr_discover.c - see mr_discover.h. */
#include "mrd/mr_discover.h"

void
mr_discover_init(struct mr_discover *d, const struct ip6_prefix *home)
{
	*d = (struct mr_discover){ .home = *home, .due = MONO_NEVER };
}

void
mr_discover_want(struct mr_discover *d, mono_t now)
{
	if (d->home.len == 0 || d->due.ms != INT64_MAX)
		return;
	d->open = false;
	d->sends = 0;
	d->due = mono_before(now, d->not_before) ? d->not_before : now;
}

static void
finish(struct mr_discover *d, mono_t now)
{
	d->open = false;
	d->due = MONO_NEVER;
	d->not_before = mono_add_ms(now, MR_DISCOVER_PAUSE_MS);
}

/* The same request each time, but for a new question: RFC 6275 11.4.1. */
bool
mr_discover_tick(
    struct mr_discover *d, mono_t now, uint32_t random, struct icmp6_dhaad *ret_request)
{
	if (!mono_reached(now, d->due))
		return false;
	if (d->sends > MR_DISCOVER_RETRIES) {
		finish(d, now);
		return false;
	}
	if (d->sends == 0)
		d->id = (uint16_t)(random >> 8);
	d->open = true;
	d->due = mono_add_ms(now, MR_DISCOVER_TIMEOUT_MS << d->sends);
	d->sends++;
	*ret_request = (struct icmp6_dhaad){ .id = d->id, .mobile_router = true };
	return true;
}

mono_t
mr_discover_due(const struct mr_discover *d)
{
	return d->due;
}

enum mr_discovered
mr_discover_answer(struct mr_discover *d, const struct icmp6_dhaad *reply, mono_t now,
    struct mr_agents *ret_agents)
{
	struct mr_agents found = { 0 };

	if (!d->open || !reply->reply || reply->id != d->id)
		return MR_DISCOVERED_UNASKED;
	for (unsigned i = 0; reply->mobile_router && i < reply->n && found.n < MR_AGENTS_MAX; i++) {
		const struct in6_addr *a = &reply->agent[i];

		if (ip6_is_unicast_routable(a) && ip6_prefix_has(&d->home, a) &&
		    !mr_agents_have(&found, a))
			found.v[found.n++] = *a;
	}
	if (found.n == 0)
		return MR_DISCOVERED_NONE;
	finish(d, now);
	*ret_agents = found;
	return MR_DISCOVERED;
}
