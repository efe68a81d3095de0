/*
 * ha_prefix.h - who may have what: the home addresses and prefixes we serve.
 *
 * The Prefix Table of RFC 3963 6.1.2, keyed by home address, and ranges beside it:
 * any home address within a range may bring prefixes of its own from that range,
 * save what a guest of the table has.
 *
 *	if (!ha_table_serves(t, &hoa))
 *		answer 132;
 *	switch (ha_table_allows(t, &hoa, &prefix)) ...
 *
 * Source: RFC 3963 6.1.2, 6.2; requirements N-11, N-12, N-15, X-07.
 * Layer:  core.
 */
#pragma once

#include "common/base/trie.h"
#include "common/wire/mh_opt.h"
#include "had/ha_hash.h"

#define HA_NAME_MAX 63
#define HA_RANGE_MAX 8 /* prefixes in one list of a range */

/* One row of the Prefix Table. */
struct ha_guest {
	char name[HA_NAME_MAX + 1];
	struct in6_addr hoa;
	uint8_t n; /* 0: a mobile node that is no router */
	struct ip6_prefix prefix[MH_PREFIX_MAX];
	UT_hash_handle hh; /* by hoa */
};

struct ha_range {
	char name[HA_NAME_MAX + 1];
	uint8_t homes, prefixes;
	struct ip6_prefix home[HA_RANGE_MAX];	/* home addresses lie in one of these */
	struct ip6_prefix prefix[HA_RANGE_MAX]; /* what they bring lies in one of these */
	uint32_t shortest, longest;		/* bits of a prefix brought */
};

struct ha_table {
	struct ha_guest **guest; /* all that were added, in their order; owned */
	size_t guests;
	struct ha_range **range; /* owned */
	size_t ranges;
	struct ha_guest *by_hoa; /* those indexed */
	struct trie claims;	 /* their prefixes, and home addresses outside: ha_guest */
};

void ha_table_init(struct ha_table *t);
void ha_table_done(struct ha_table *t);

/* An empty row at the end, for the caller to fill. NULL: no memory. */
struct ha_guest *ha_table_add_guest(struct ha_table *t, const char *name);
struct ha_range *ha_table_add_range(struct ha_table *t, const char *name);

/*
 * Put a filled row in force. Returns 0; -EEXIST with the guest that has the same
 * home address, the same prefix (unless `takeover`) or an overlapping one (unless
 * `nested`) in ret_other and the prefix of g's that it is about in ret_prefix;
 * -ENOMEM.
 */
int ha_table_index(struct ha_table *t, struct ha_guest *g, bool takeover, bool nested,
    const struct ha_guest **ret_other, struct ip6_prefix *ret_prefix);

/* The row of this home address, or NULL. */
const struct ha_guest *ha_table_guest(const struct ha_table *t, const struct in6_addr *hoa);

/* N-12: is this home address a guest's, or within a range's home prefixes? */
bool ha_table_serves(const struct ha_table *t, const struct in6_addr *hoa);

/* Does this prefix lie within what anybody may be given here, home addresses included? */
bool ha_table_has(const struct ha_table *t, const struct ip6_prefix *p);

enum ha_allows {
	HA_ALLOWED,
	HA_DENIED,  /* neither the table nor a range gives it, or it is a guest's */
	HA_OVERLAPS /* a range gives it, but it overlaps what a guest of the table has */
};
enum ha_allows ha_table_allows(
    const struct ha_table *t, const struct in6_addr *hoa, const struct ip6_prefix *p);

/*
 * The guest, other than hoa's own, that this home address would take packets from,
 * since it lies in a prefix or is a home address of it; or NULL.
 */
const struct ha_guest *ha_table_covers(const struct ha_table *t, const struct in6_addr *hoa);
