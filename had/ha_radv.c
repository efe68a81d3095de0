/* ha_radv.c - see ha_radv.h. */
#include "had/ha_radv.h"

void
ha_radv_start(struct ha_radv *r, mono_t now)
{
	*r = (struct ha_radv){ .last = mono_add_ms(now, -HA_RADV_MIN_DELAY_MS), .due = now };
}

void
ha_radv_stop(struct ha_radv *r)
{
	*r = (struct ha_radv){ .due = MONO_NEVER };
}

/* Shorter intervals than RFC 4861's are allowed (RFC 6275 7.5), and the delay with them. */
static int64_t
min_delay_ms(const struct ha_link *l)
{
	return l->interval_min_ms < HA_RADV_MIN_DELAY_MS ? l->interval_min_ms
							 : HA_RADV_MIN_DELAY_MS;
}

void
ha_radv_solicited(struct ha_radv *r, const struct ha_link *l, mono_t now, uint32_t random)
{
	mono_t answer = mono_add_ms(now, random % (HA_RADV_RESPONSE_MS + 1));
	mono_t earliest = mono_add_ms(r->last, min_delay_ms(l));

	if (r->due.ms == INT64_MAX)
		return;
	r->due = mono_min(r->due, mono_before(answer, earliest) ? earliest : answer);
}

bool
ha_radv_tick(struct ha_radv *r, const struct ha_link *l, mono_t now, uint32_t random)
{
	int64_t span = l->interval_max_ms - l->interval_min_ms;
	int64_t wait = l->interval_min_ms + (int64_t)(random % (uint64_t)(span + 1));

	if (!mono_reached(now, r->due))
		return false;
	if (r->sent < HA_RADV_INITIAL)
		r->sent++;
	if (r->sent < HA_RADV_INITIAL && wait > HA_RADV_INITIAL_MS)
		wait = HA_RADV_INITIAL_MS;
	r->last = now;
	r->due = mono_add_ms(now, wait);
	return true;
}

/* Our address in a prefix of l, or NULL: configured for the link, or the one we serve at. */
static const struct in6_addr *
own_address(const struct ha_policy *p, const struct ha_link *l, const struct ip6_prefix *prefix)
{
	for (uint8_t i = 0; i < l->own_n; i++) {
		if (ip6_prefix_has(prefix, &l->own[i]))
			return &l->own[i];
	}
	return ip6_prefix_has(prefix, &p->address) ? &p->address : NULL;
}

uint8_t
ha_radv_prefixes(const struct ha_policy *p, const struct ha_link *l, struct nd_prefix *ret_v)
{
	for (uint8_t i = 0; i < l->n; i++) {
		const struct in6_addr *own = own_address(p, l, &l->prefix[i]);

		ret_v[i] = (struct nd_prefix){
			.prefix = l->prefix[i],
			.flags = ND_PREFIX_L,
			.valid_s = (uint32_t)(l->valid_ms / 1000),
			.preferred_s = (uint32_t)(ha_link_preferred_ms(l, &l->prefix[i]) / 1000),
		};
		if (l->prefix[i].len == 64) /* RFC 4862 5.5.3 (d): other lengths are of no use */
			ret_v[i].flags |= ND_PREFIX_A;
		if (own) {
			ret_v[i].flags |= ND_PREFIX_R;
			ret_v[i].prefix.addr = *own;
		}
	}
	return l->n;
}

/* RFC 4861 6.2.1: AdvDefaultLifetime, at least a second (RFC 6275 7.5). */
static uint16_t
router_lifetime_s(const struct ha_link *l)
{
	int64_t s = 3 * l->interval_max_ms / 1000;

	return (uint16_t)(s < 1 ? 1 : s > 9000 ? 9000 : s);
}

void
ha_radv_make(const struct ha_policy *p, const struct ha_link *l, bool last, struct nd_ra *ret_ra)
{
	uint16_t lifetime_s = router_lifetime_s(l);
	uint16_t agent_s = (uint16_t)(l->agent_lifetime_ms / 1000);

	*ret_ra = (struct nd_ra){ .hop_limit = 64, .lifetime_s = last ? 0 : lifetime_s };
	ret_ra->prefixes = ha_radv_prefixes(p, l, ret_ra->prefix);
	if (!p->home_agent)
		return;
	ret_ra->flags = ND_RA_H;
	/* RFC 6275 7.3, 7.5: 20 ms for the granularity of clocks. */
	ret_ra->interval_ms = (uint32_t)l->interval_max_ms;
	if (l->interval_max_ms < 200)
		ret_ra->interval_ms += 20;
	if (last)
		return;
	ret_ra->agent.mobile_routers = p->mobile_routers;
	ret_ra->agent.preference = (uint16_t)l->preference;
	ret_ra->agent.lifetime_s = agent_s ? agent_s : lifetime_s;
	/* RFC 6275 7.4: not if it says nothing; R is no default (RFC 3963 7.3). */
	ret_ra->agent.given = p->mobile_routers || l->preference || agent_s;
}
