/*
 * mr_move.h - which care-of address this host uses: a pure choice from a list.
 *
 * A present address is kept as long as it is good: each change is a registration of
 * every guest here. Static and by Router Advertisement are alike.
 *
 * Source: RFC 6275 11.5.3 (a care-of address may be any unicast routable address),
 *         RFC 4862 5.4 (tentative), 5.5.4 (deprecated), RFC 8981 (temporary).
 * Layer:  core.
 */
#pragma once

#include "common/wire/ip6.h"

struct mr_move_addr {
	struct in6_addr addr;
	bool tentative, deprecated, temporary, permanent;
};

/*
 * fixed: the configured address or ::. present: the one in use or ::. Returns
 * false, and :: in *ret_careof, if there is none to use.
 */
bool mr_move_choose(const struct in6_addr *fixed, const struct in6_addr *present,
    const struct mr_move_addr *v, size_t n, struct in6_addr *ret_careof);
