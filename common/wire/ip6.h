/*
 * ip6.h - IPv6 addresses and prefixes as values, and the header chain around a
 * Mobility Header, or around an ICMPv6 message of Mobile IPv6.
 *
 * Source: RFC 8200 (headers), RFC 6275 6.3 (Home Address option), 6.4 (type 2
 *         routing header), 6.1.1 (checksum), 9.3.1 (unicast routable).
 * Layer:  wire. Bytes in, values out. No I/O, clock, allocation or logging.
 */
#pragma once

#include "wire.h"

#define IP6_HEADER_OCTETS 40
#define IP6_MIN_MTU 1280

enum ip6_next_header {
	IP6_HOP_BY_HOP = 0,
	IP6_IPV6 = 41,
	IP6_ROUTING = 43,
	IP6_FRAGMENT = 44,
	IP6_ESP = 50,
	IP6_AH = 51,
	IP6_ICMP6 = 58,
	IP6_NONE = 59,
	IP6_DEST_OPTS = 60,
	IP6_MH = 135,
};

/* ---- addresses and prefixes ---- */

struct ip6_prefix {
	struct in6_addr addr; /* network order, as everywhere */
	uint8_t len;	      /* bits, 0..128 */
};

bool ip6_equal(const struct in6_addr *a, const struct in6_addr *b);
bool ip6_is_any(const struct in6_addr *a);
bool ip6_is_linklocal(const struct in6_addr *a);

/*
 * Unicast routable in the sense of RFC 6275 (9.3.1, 9.5.1): not unspecified,
 * loopback, link-local, multicast, IPv4-mapped.
 */
bool ip6_is_unicast_routable(const struct in6_addr *a);

/* The prefix that holds just this address. */
struct ip6_prefix ip6_host(const struct in6_addr *a);

bool ip6_prefix_equal(const struct ip6_prefix *a, const struct ip6_prefix *b);
bool ip6_prefix_has(const struct ip6_prefix *p, const struct in6_addr *a);
/* True if inner is outer or lies within it. */
bool ip6_prefix_covers(const struct ip6_prefix *outer, const struct ip6_prefix *inner);
bool ip6_prefix_overlaps(const struct ip6_prefix *a, const struct ip6_prefix *b);
/* True if a bit behind the length is set: 2001:db8::1/64 is not a prefix. */
bool ip6_prefix_has_host_bits(const struct ip6_prefix *p);
/*
 * A prefix that may be given to a mobile network: length 1..128, no host bits,
 * and no multicast, link-local, loopback, mapped or unspecified space in it.
 */
bool ip6_prefix_is_usable(const struct ip6_prefix *p);
/*
 * The default Home Address of a mobile network: the first address after the
 * subnet-router anycast address. Undefined (returns false) for a /127 or /128.
 */
bool ip6_prefix_first_host(const struct ip6_prefix *p, struct in6_addr *ret_addr);

/*
 * The Mobile IPv6 Home-Agents anycast address of a subnet (RFC 2526): anycast identifier
 * 126, in the form of interface identifiers of 64 bits where addresses have those. False
 * if the prefix is too long to have one.
 */
bool ip6_home_agents_anycast(const struct ip6_prefix *p, struct in6_addr *ret_addr);

/* ---- a Mobility Header and what it travels in ---- */

/* One received packet that matters to us; everything points into the packet. */
struct ip6_mh_packet {
	struct in6_addr src;   /* as on the wire */
	struct in6_addr dst;   /* as on the wire */
	bool has_hao, has_rh2; /* whether the two below were there */
	struct in6_addr hao;   /* Home Address option */
	struct in6_addr rh2;   /* home address in the type 2 routing header */
	uint8_t upper;	       /* next header found behind the extension headers */
	const uint8_t *mh;     /* the Mobility Header; NULL if upper is not IP6_MH */
	size_t mh_len;	       /* octets */
	const uint8_t *icmp6;  /* the ICMPv6 message; NULL if upper is not IP6_ICMP6 */
	size_t icmp6_len;      /* octets */
	const uint8_t *packet; /* whole packet, for an ICMPv6 error; NULL if not known */
	size_t packet_len;     /* octets */
	unsigned ifindex;      /* where it came in; 0 if not known. The codec leaves 0 */
};

/*
 * Walk the header chain of a whole IPv6 packet.
 *
 * Returns 0, or -EBADMSG if the packet is cut short, a header runs past the
 * end, a Home Address option or type 2 routing header is malformed (length,
 * segments left not 1) or comes twice, an option we do not know asks to be
 * discarded with its packet (RFC 8200 4.2), or another routing header has a hop
 * to go (RFC 8200 4.4). Fragments are -EBADMSG too: whoever reads packets below
 * the kernel's reassembly does not take signalling in pieces (a Mobility Header
 * fits the minimum MTU). Octets behind the payload length are padding of the
 * link and do not count.
 */
int ip6_mh_packet_get(const uint8_t *p, size_t len, struct ip6_mh_packet *ret_packet);

/* The addresses that count for checksum and meaning (RFC 6275 6.1.1). */
const struct in6_addr *ip6_mh_source(const struct ip6_mh_packet *p);	  /* HAO, else src */
const struct in6_addr *ip6_mh_destination(const struct ip6_mh_packet *p); /* RH2, else dst */

/* Internet checksum over the pseudo-header and n octets, as ICMPv6 and the MH use it. */
uint16_t ip6_checksum(const struct in6_addr *src, const struct in6_addr *dst, uint8_t next_header,
    const uint8_t *p, size_t n);

/* What to send: one Mobility Header with the addresses around it. */
struct ip6_mh_out {
	struct in6_addr src; /* IPv6 source: care-of address, or home agent */
	struct in6_addr dst; /* IPv6 destination */
	bool with_hao, with_rh2;
	struct in6_addr home; /* for whichever of the two is on */
	const uint8_t *mh;    /* encoded by mh_put, checksum still zero */
	size_t mh_len;	      /* octets, a multiple of 8 */
};

/*
 * Write the whole packet: IPv6 header (hop limit 64), destination options with
 * the Home Address option or type 2 routing header, the Mobility Header with
 * its checksum filled in. With both, the routing header comes first. Returns 0,
 * or -EMSGSIZE if w is too small or mh_len is no message's.
 */
int ip6_mh_packet_put(struct wire_writer *w, const struct ip6_mh_out *out);

/* The same with an ICMPv6 message. */
struct ip6_icmp6_out {
	struct in6_addr src, dst; /* of the IPv6 header */
	bool with_hao, with_rh2;
	struct in6_addr home; /* for whichever of the two is on */
	/*
	 * Encoded by icmp6.h, with its checksum: the addresses it is made over are home
	 * instead of src with a Home Address option, instead of dst with a routing header.
	 */
	const uint8_t *icmp6;
	size_t icmp6_len; /* octets */
};

/* Write the whole packet, as above. 0, or -EMSGSIZE. */
int ip6_icmp6_packet_put(struct wire_writer *w, const struct ip6_icmp6_out *out);
