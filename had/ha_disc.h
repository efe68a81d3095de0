/*
 * ha_disc.h - discovery: which home agents there are, and which prefixes are at home.
 *
 * A link of each home-link section has its Home Agents List (ha_agents.h) and, if the
 * section says so, our advertisements (ha_radv.h). The home prefixes that are on no wire
 * have a list out of the configuration. Mobile nodes ask at the anycast address of their
 * home prefix, or ask for prefixes (ha_mpa.h).
 *
 *	d = ha_disc_new(&ops, ctx, seed);
 *	ha_disc_configure(d, &policy, now);
 *	ha_disc_receive(d, now, packet);	// types 144 to 147
 *	ha_disc_tick(d, now);			// at ha_disc_deadline
 *
 * Source: RFC 6275 6.5 to 6.8, 10.5, 10.6; RFC 3963 7.
 * Layer:  core. No clock, socket, log or global.
 */
#pragma once

#include "had/ha_agents.h"
#include "had/ha_mpa.h"
#include "had/ha_radv.h"

#define HA_DISC_REPLIES_PER_S 50 /* whoever they go to: a request is cheap to forge */

struct ha_disc; /* opaque */

struct ha_disc_ops {
	void (*icmp6)(void *ctx, const struct ip6_icmp6_out *out);
	void (*frame)(void *ctx, const char *dev, const uint8_t *p, size_t n);
};

enum ha_disc_count {
	HA_DISC_ANSWERED,  /* requests for home agents */
	HA_DISC_REFUSED,   /* not from a unicast address, not to an anycast one, malformed */
	HA_DISC_LIMITED,   /* more than HA_DISC_REPLIES_PER_S */
	HA_DISC_ASKED,	   /* Mobile Prefix Solicitations of who is bound */
	HA_DISC_TOLD,	   /* Mobile Prefix Advertisements */
	HA_DISC_STRANGER,  /* solicitations of others, or malformed, or for what is off */
	HA_DISC_HEARD,	   /* advertisements of other home agents */
	HA_DISC_FULL,	   /* those that the list had no place for */
	HA_DISC_MALFORMED, /* frames */
	HA_DISC_ADVERTISED,
	HA_DISC_COUNTS
};
const char *ha_disc_count_name(enum ha_disc_count c);

/* NULL: no memory. ops are borrowed. seed: any number, for order and time only. */
struct ha_disc *ha_disc_new(const struct ha_disc_ops *ops, void *ctx, uint32_t seed);
void ha_disc_free(struct ha_disc *d);

/*
 * The first configuration or another one; borrowed until the next. What an advertisement
 * says of changed prefixes goes out at once, and to mobile nodes in its time.
 */
void ha_disc_configure(struct ha_disc *d, const struct ha_policy *policy, mono_t now);

/*
 * The anycast addresses to be listened to: the i-th and its link (NULL: on no wire), or
 * false behind the last.
 */
bool ha_disc_anycast(
    const struct ha_policy *p, size_t i, struct in6_addr *ret_addr, const char **ret_dev);

/* A home link is there, with these addresses of ours on it, or is not: linklocal NULL. */
void ha_disc_station(struct ha_disc *d, const char *dev, const struct nd_mac *mac,
    const struct in6_addr *linklocal, mono_t now);

/* A frame with a Router Solicitation or Advertisement on a home link. */
void ha_disc_frame(struct ha_disc *d, const char *dev, const uint8_t *p, size_t n, mono_t now);
/*
 * ICMPv6 of types 144 to 147, with its checksum good. A Home Address option is that of a
 * binding whose care-of address is the source: whoever calls has looked.
 */
void ha_disc_receive(struct ha_disc *d, const struct ip6_mh_packet *p, mono_t now);

/* A binding is made, kept or moved; or ends. */
void ha_disc_bound(
    struct ha_disc *d, const struct in6_addr *hoa, const struct in6_addr *coa, mono_t now);
void ha_disc_unbound(struct ha_disc *d, const struct in6_addr *hoa);

void ha_disc_tick(struct ha_disc *d, mono_t now);
mono_t ha_disc_deadline(const struct ha_disc *d);
/* Last advertisements, with a lifetime of 0: before a clean end. */
void ha_disc_stop(struct ha_disc *d);

/* To look at: the list of the i-th home link. */
const struct ha_agents *ha_disc_agents(const struct ha_disc *d, size_t i);
/* What we say of ourselves there; l NULL: of the i-th of the list for what is on no wire. */
bool ha_disc_own(
    const struct ha_policy *p, const struct ha_link *l, size_t i, struct ha_agent *ret_own);
uint64_t ha_disc_counted(const struct ha_disc *d, enum ha_disc_count c);
