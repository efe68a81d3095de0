/*
 * icmp6.h - the ICMPv6 messages that mrd and had send or understand themselves.
 *
 * Source: RFC 4443 (errors), RFC 6275 6.5-6.8 (home agent discovery, mobile
 *         prefixes), RFC 3963 7 (R flag).
 * Layer:  wire. Bytes in, values out.
 */
#pragma once

#include "common/wire/nd.h"

enum icmp6_type {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_DHAAD_REQUEST = 144,
	ICMP6_DHAAD_REPLY = 145,
	ICMP6_MPS = 146, /* Mobile Prefix Solicitation */
	ICMP6_MPA = 147, /* Mobile Prefix Advertisement */
};

#define ICMP6_AGENTS_MAX 77   /* (1280 - 48) / 16, RFC 6275 10.5.1 */
#define ICMP6_PREFIXES_MAX 37 /* (1280 - 40 - 24 - 8) / 32 */

struct icmp6_error {
	uint8_t type, code;
	uint32_t value;		 /* MTU if too big, pointer if a parameter problem, else 0 */
	const uint8_t *invoking; /* as much of the packet as came; borrowed */
	size_t invoking_len;
};

struct icmp6_dhaad { /* request and reply */
	bool reply;
	uint16_t id;
	bool mobile_router; /* R */
	uint8_t n;	    /* of agents, in a reply */
	struct in6_addr agent[ICMP6_AGENTS_MAX];
};

struct icmp6_mps { /* Mobile Prefix Solicitation */
	uint16_t id;
};

struct icmp6_mpa {     /* Mobile Prefix Advertisement */
	uint16_t id;   /* of the solicitation it answers */
	uint8_t flags; /* ND_RA_M, ND_RA_O */
	uint8_t n;
	struct nd_prefix prefix[ICMP6_PREFIXES_MAX];
};

/*
 * Decode an ICMPv6 error (type < 128) that begins at r, up to its end. The
 * checksum is the receiver's business (ip6_checksum over the whole is 0).
 * Returns 0, or -EBADMSG.
 */
int icmp6_error_get(struct wire_reader *r, struct icmp6_error *ret_error);

/*
 * Append an ICMPv6 error from src to dst, with its checksum and as much of the
 * invoking packet as keeps the whole IPv6 packet within 1280 octets.
 * w must be at its beginning. Returns 0, or -EMSGSIZE if w is too small.
 */
int icmp6_error_put(struct wire_writer *w, const struct icmp6_error *e, const struct in6_addr *src,
    const struct in6_addr *dst);

/* Dynamic home agent address discovery, request or reply; as the two above. */
int icmp6_dhaad_get(struct wire_reader *r, struct icmp6_dhaad *ret_dhaad);
int icmp6_dhaad_put(struct wire_writer *w, const struct icmp6_dhaad *d, const struct in6_addr *src,
    const struct in6_addr *dst);

/*
 * Mobile prefix discovery, as the two above. Of src and dst the home address is meant, not
 * the care-of address: it goes with a Home Address option, or comes by a type 2 routing
 * header. Options that we do not know are skipped.
 */
int icmp6_mps_get(struct wire_reader *r, struct icmp6_mps *ret_mps);
int icmp6_mps_put(struct wire_writer *w, const struct icmp6_mps *m, const struct in6_addr *src,
    const struct in6_addr *dst);
int icmp6_mpa_get(struct wire_reader *r, struct icmp6_mpa *ret_mpa);
int icmp6_mpa_put(struct wire_writer *w, const struct icmp6_mpa *m, const struct in6_addr *src,
    const struct in6_addr *dst);
