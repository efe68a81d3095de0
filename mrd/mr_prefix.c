/* mr_prefix.c - see mr_prefix.h. */
#include "mrd/mr_prefix.h"

void
mr_prefix_init(struct mr_prefix *p)
{
	*p = (struct mr_prefix){ .due = MONO_NEVER };
}

void
mr_prefix_want(struct mr_prefix *p, mono_t now)
{
	if (p->due.ms != INT64_MAX)
		return;
	p->sends = 0;
	p->wait_ms = MR_PREFIX_TIMEOUT_MS;
	p->due = mono_before(now, p->not_before) ? p->not_before : now;
}

static void
finish(struct mr_prefix *p)
{
	p->open = false;
	p->due = MONO_NEVER;
}

/* The same identifier each time, so that an answer may come late. */
bool
mr_prefix_tick(struct mr_prefix *p, mono_t now, uint32_t random, struct icmp6_mps *ret_mps)
{
	if (!mono_reached(now, p->due))
		return false;
	if (p->sends > 0 && p->wait_ms == MR_PREFIX_TIMEOUT_MAX_MS) {
		finish(p);
		return false;
	}
	if (p->sends == 0)
		p->id = (uint16_t)(1 + (random >> 8) % UINT16_MAX);
	else if (p->wait_ms > MR_PREFIX_TIMEOUT_MAX_MS / 2)
		p->wait_ms = MR_PREFIX_TIMEOUT_MAX_MS;
	else
		p->wait_ms *= 2;
	p->open = true;
	p->sends++;
	p->due = mono_add_ms(now, p->wait_ms);
	p->not_before = mono_add_ms(now, MR_PREFIX_PAUSE_MS);
	*ret_mps = (struct icmp6_mps){ .id = p->id };
	return true;
}

mono_t
mr_prefix_due(const struct mr_prefix *p)
{
	return p->due;
}

enum mr_prefix_answer
mr_prefix_answer(struct mr_prefix *p, const struct icmp6_mpa *mpa,
    const struct in6_addr *home_address, mono_t now, mono_t *ret_valid_until)
{
	if (!p->open || mpa->id != p->id)
		return MR_PREFIX_UNASKED;
	finish(p);
	for (uint8_t i = 0; i < mpa->n; i++) {
		const struct nd_prefix *o = &mpa->prefix[i];

		/* A prefix of no length has every address, and is nobody's home. */
		if (o->prefix.len == 0 || !ip6_prefix_has(&o->prefix, home_address))
			continue;
		*ret_valid_until = o->valid_s == UINT32_MAX
				       ? MONO_NEVER
				       : mono_add_ms(now, (int64_t)o->valid_s * 1000);
		return MR_PREFIX_LEARNT;
	}
	return MR_PREFIX_OTHERS;
}
