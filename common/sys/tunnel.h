/*
 * tunnel.h - what the RFCs say about one packet at the end of a tunnel.
 *
 * Source: RFC 2473 (3.1, 4.1, 6, 7, 8), RFC 6040 4 (ECN, normal mode),
 *         RFC 3963 8 and RFC 6275 10.4.2 (link-local packets stay out).
 * Layer:  sys, but pure: bytes in, values out.
 */
#pragma once

#include "common/base/kobj.h"

enum tunnel_verdict {
	TUNNEL_PASS,
	TUNNEL_MALFORMED,  /* not IPv6, or its length is not true */
	TUNNEL_LINK_LOCAL, /* link-local address or link-scope group: never leaves its link */
	TUNNEL_LOOP,	   /* the tunnel's own outer packet on its way in again */
	TUNNEL_LIMIT,	   /* tunnel encapsulation limit 0: no further tunnel */
	TUNNEL_ECN,	   /* congestion marked on a packet that cannot carry the mark */
};

/* A packet about to enter tunnel t. */
struct tunnel_entry {
	size_t n;	 /* octets to send; what lies behind the payload is left out */
	uint8_t ecn;	 /* for the outer header: the inner one's (RFC 6040 4.1) */
	int limit;	 /* encapsulation limit to add in the outer header, or -1 */
	size_t limit_at; /* TUNNEL_LIMIT: octets to the limit, for the Parameter Problem */
};
enum tunnel_verdict tunnel_enter(
    const struct kobj_tunnel *t, const uint8_t *p, size_t n, struct tunnel_entry *ret_entry);

/*
 * A packet that came out of a tunnel in an outer header with that traffic class.
 * Its ECN field is set as RFC 6040 4.2 says. *ret_n: octets to deliver.
 */
enum tunnel_verdict tunnel_exit(uint8_t *p, size_t n, uint8_t outer_class, size_t *ret_n);

/* ECN of the packet that leaves a tunnel, from both headers' two bits, or -1 to drop it. */
int tunnel_ecn(uint8_t inner, uint8_t outer);

/* Octets that fit into a tunnel over a path: never less than IPv6 needs (RFC 2473 6.7, 7.1). */
uint32_t tunnel_mtu(uint32_t path_mtu);

/*
 * An ICMPv6 error that came from inside the tunnel, as the source of the inner packet
 * is to see it (RFC 2473 8.1, 8.2; RFC 6275 9.3.4). False: it is not to see any.
 */
struct tunnel_error {
	uint8_t type, code;
	uint32_t value; /* MTU of Packet Too Big, pointer of a Parameter Problem */
};
bool tunnel_relay(const struct tunnel_error *outer, const uint8_t *inner, size_t n,
    struct tunnel_error *ret_error);

/* True if an ICMPv6 error may answer this packet at all (RFC 4443 2.4 e). */
bool tunnel_may_answer(const uint8_t *p, size_t n);

/* Addresses in an IPv6 header that is known to be whole. */
struct in6_addr tunnel_source(const uint8_t *p);
struct in6_addr tunnel_destination(const uint8_t *p);
