/* mr_move.c - see mr_move.h. */
#include "mrd/mr_move.h"

/* Higher is better; 0 is unusable. Ties go to the first found. */
static unsigned
rank(const struct mr_move_addr *a, const struct in6_addr *present)
{
	bool is_present = ip6_equal(&a->addr, present);

	if (a->tentative || !ip6_is_unicast_routable(&a->addr))
		return 0;
	/* A deprecated address serves until there is a better one (RFC 4862 5.5.4). */
	return 1u + 8u * !a->deprecated + 4u * is_present + 2u * !a->temporary + 1u * a->permanent;
}

bool
mr_move_choose(const struct in6_addr *fixed, const struct in6_addr *present,
    const struct mr_move_addr *v, size_t n, struct in6_addr *ret_careof)
{
	unsigned best = 0;

	*ret_careof = in6addr_any;
	for (size_t i = 0; i < n; i++) {
		unsigned r = rank(&v[i], present);

		if (!ip6_is_any(fixed) && !ip6_equal(&v[i].addr, fixed))
			continue;
		if (r > best) {
			best = r;
			*ret_careof = v[i].addr;
		}
	}
	return best > 0;
}
