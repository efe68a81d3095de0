/*
 * nd.h - Neighbour Discovery frames, on guests' links and on home links.
 *
 * Whole Ethernet frames, because each guest's advertisement goes to that guest's
 * MAC alone though its IPv6 destination is a group (RFC 6085), and because a home
 * agent speaks for addresses that are not its own.
 *
 * Source: RFC 4861 (4.1 to 4.4, 4.6, 6.1, 7.1), RFC 8106 (RDNSS), RFC 6085.
 * Layer:  wire. Bytes in, values out.
 */
#pragma once

#include "common/wire/ip6.h"

#define ND_PREFIX_MAX 8
#define ND_RDNSS_MAX 4
#define ND_FRAME_MAX 1514 /* octets of an Ethernet frame without FCS */

struct nd_mac {
	uint8_t b[6];
};

enum nd_type { ND_TYPE_RS = 133, ND_TYPE_RA, ND_TYPE_NS, ND_TYPE_NA };
/* The ICMPv6 type of a frame of Neighbour Discovery, whatever else may be wrong; else anything. */
uint8_t nd_type(const uint8_t *frame, size_t len);

/* Flags of a Router Advertisement (RFC 4861 4.2, RFC 6275 7.1). */
enum nd_ra_flag { ND_RA_M = 0x80, ND_RA_O = 0x40, ND_RA_H = 0x20 };
/* Flags of a Prefix Information option (RFC 4861 4.6.2, RFC 6275 7.2). */
enum nd_prefix_flag { ND_PREFIX_L = 0x80, ND_PREFIX_A = 0x40, ND_PREFIX_R = 0x20 };
/* Flags of a Neighbor Advertisement (RFC 4861 4.4). */
enum nd_na_flag { ND_NA_R = 0x80, ND_NA_S = 0x40, ND_NA_O = 0x20 };

struct nd_prefix { /* a Prefix Information option */
	struct ip6_prefix prefix;
	uint8_t flags; /* enum nd_prefix_flag; with R the address is the router's, whole */
	uint32_t valid_s, preferred_s;
};

struct nd_ra {
	uint8_t hop_limit;   /* for the hosts to use; 0 unspecified */
	uint8_t flags;	     /* enum nd_ra_flag */
	uint16_t lifetime_s; /* router lifetime */
	uint32_t mtu;	     /* octets; 0 leaves the option out */
	uint8_t prefixes;
	struct nd_prefix prefix[ND_PREFIX_MAX];
	uint32_t interval_ms; /* Advertisement Interval; 0 leaves the option out */
	struct nd_agent {     /* Home Agent Information */
		bool given;
		bool mobile_routers; /* R, RFC 3963 7.3 */
		uint16_t preference, lifetime_s;
	} agent;
	uint8_t rdnss_n;
	struct in6_addr rdnss[ND_RDNSS_MAX];
	uint32_t rdnss_lifetime_s;
};

/* Neighbor Advertisement (RFC 4861 4.4). */
struct nd_na {
	struct in6_addr target;
	uint8_t flags; /* enum nd_na_flag */
	bool has_mac;  /* there was a target link-layer address */
	struct nd_mac mac;
};

/* Addresses of a frame. */
struct nd_path {
	struct nd_mac from, to;
	struct in6_addr src, dst;
};

/*
 * Write a whole frame, hop limit 255, checksum filled in. An advertisement of
 * either kind has the link-layer address option, path->from for a router's.
 * Returns 0, or -EMSGSIZE if w is too small or a count above its limit.
 */
int nd_ra_put(struct wire_writer *w, const struct nd_path *path, const struct nd_ra *ra);
int nd_na_put(struct wire_writer *w, const struct nd_path *path, const struct in6_addr *target,
    const struct nd_mac *target_mac, uint8_t flags);
/* With the source link-layer option, path->from, unless path->src is :: (RFC 4861 4.3). */
int nd_ns_put(struct wire_writer *w, const struct nd_path *path, const struct in6_addr *target);

/*
 * Decode a frame that should be a Router Solicitation: checks hop limit 255,
 * checksum, code 0, the options' lengths, and RFC 4861 6.1.1 (no source
 * link-layer option from the unspecified address). Fills in who sent it.
 * Returns 0, or -EBADMSG.
 */
int nd_rs_get(const uint8_t *frame, size_t len, struct nd_mac *ret_from, struct in6_addr *ret_src);

/*
 * Decode a frame that should be a Router Advertisement, for tests and for the
 * lab. Options we do not know are skipped, and prefixes and servers beyond our
 * limits. Returns 0, or -EBADMSG.
 */
int nd_ra_get(const uint8_t *frame, size_t len, struct nd_path *ret_path, struct nd_ra *ret_ra);

/*
 * Decode a frame that should be a Neighbor Solicitation or Advertisement, with the
 * checks of RFC 4861 7.1.1 and 7.1.2. Returns 0, or -EBADMSG.
 */
int nd_ns_get(
    const uint8_t *frame, size_t len, struct nd_path *ret_path, struct in6_addr *ret_target);
int nd_na_get(const uint8_t *frame, size_t len, struct nd_path *ret_path, struct nd_na *ret_na);

/* The group that an address is solicited by (RFC 4291 2.7.1), and a group's MAC (RFC 2464 7). */
struct in6_addr nd_solicited_node(const struct in6_addr *addr);
struct nd_mac nd_group_mac(const struct in6_addr *group);

/* ---- options, for other messages that are made of them (RFC 6275 6.8) ---- */

#define ND_OPT_PREFIX 3

/* The next option's value in *ret_body, its type returned. .bad for one without a length. */
uint8_t nd_option_get(struct wire_reader *r, struct wire_reader *ret_body);
void nd_prefix_put(struct wire_writer *w, const struct nd_prefix *p);
/* From the value of an ND_OPT_PREFIX; .bad if it is not just as long as it has to be. */
struct nd_prefix nd_prefix_get(struct wire_reader *body);

/* The modified EUI-64 link-local address of a MAC (RFC 4291 appendix A). */
struct in6_addr nd_linklocal(const struct nd_mac *mac);
