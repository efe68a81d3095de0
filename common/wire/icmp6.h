/*
 * icmp6.h - the ICMPv6 messages that mrd and had send or understand themselves.
 *
 * Source: RFC 4443 (errors), RFC 6275 6.5-6.8 (home agent discovery, mobile
 *         prefixes), RFC 3963 7 (R flag).
 * Layer:  wire. Bytes in, values out.
 */
#pragma once

#include "common/wire/ip6.h"

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

#define ICMP6_AGENTS_MAX 77 /* (1280 - 48) / 16, RFC 6275 10.5.1 */

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
