/* tunnel.c - see tunnel.h */
#include "common/sys/tunnel.h"

#include <string.h>

#include "common/wire/icmp6.h"

#define AT_PAYLOAD_LEN 4
#define AT_NEXT_HEADER 6
#define AT_SOURCE 8
#define AT_DESTINATION 24
#define OPT_PAD1 0
#define OPT_ENCAP_LIMIT 4 /* RFC 2473 4.1.1 */
#define ICMP6_CODE_ADDR 3 /* Destination Unreachable: address unreachable */
#define ICMP6_INFORMS 128

enum ecn { NOT_ECT, ECT_1, ECT_0, CE };

struct in6_addr
tunnel_source(const uint8_t *p)
{
	struct in6_addr a;

	memcpy(&a, p + AT_SOURCE, sizeof(a));
	return a;
}

struct in6_addr
tunnel_destination(const uint8_t *p)
{
	struct in6_addr a;

	memcpy(&a, p + AT_DESTINATION, sizeof(a));
	return a;
}

static uint8_t
traffic_class(const uint8_t *p)
{
	return (uint8_t)(p[0] << 4 | p[1] >> 4);
}

/* Octets of the packet that begins at p, or 0. Jumbograms are not for tunnels. */
static size_t
packet_octets(const uint8_t *p, size_t n)
{
	size_t len;

	if (n < IP6_HEADER_OCTETS || p[0] >> 4 != 6)
		return 0;
	len = IP6_HEADER_OCTETS + ((size_t)p[AT_PAYLOAD_LEN] << 8 | p[AT_PAYLOAD_LEN + 1]);
	return len <= n ? len : 0;
}

/* ff01::/16 and ff02::/16 with whatever flags: a group that ends at the link. */
static bool
is_link_group(const struct in6_addr *a)
{
	return a->s6_addr[0] == 0xff && (a->s6_addr[1] & 0xf) <= 2;
}

/* Link-local traffic, and a source that is none, stay on their link (N-46, M-32). */
static bool
stays_on_link(const struct in6_addr *src, const struct in6_addr *dst)
{
	return ip6_is_any(src) || ip6_is_linklocal(src) || src->s6_addr[0] == 0xff ||
	       ip6_is_linklocal(dst) || is_link_group(dst);
}

/*
 * Where the tunnel encapsulation limit of the packet stands, or 0: the first option of
 * its kind in a destination options header that comes first or behind hop-by-hop
 * options (RFC 2473 4.1.1 and 4.1.2, RFC 8200 4.1).
 */
static size_t
find_limit(const uint8_t *p, size_t n)
{
	uint8_t next = p[AT_NEXT_HEADER];
	size_t at = IP6_HEADER_OCTETS, end;

	if (next == IP6_HOP_BY_HOP && at + 8 <= n) {
		next = p[at];
		at += ((size_t)p[at + 1] + 1) * 8;
	}
	if (next != IP6_DEST_OPTS || at + 8 > n)
		return 0;
	end = at + ((size_t)p[at + 1] + 1) * 8;
	if (end > n)
		return 0;
	for (at += 2; at < end;) {
		if (p[at] == OPT_PAD1) {
			at++;
			continue;
		}
		if (at + 2 > end || at + 2 + p[at + 1] > end)
			return 0;
		if (p[at] == OPT_ENCAP_LIMIT)
			return p[at + 1] == 1 ? at + 2 : 0;
		at += 2u + p[at + 1];
	}
	return 0;
}

enum tunnel_verdict
tunnel_enter(
    const struct kobj_tunnel *t, const uint8_t *p, size_t n, struct tunnel_entry *ret_entry)
{
	struct tunnel_entry e = { .n = packet_octets(p, n), .limit = -1 };
	struct in6_addr src, dst;

	if (e.n == 0)
		return TUNNEL_MALFORMED;
	src = tunnel_source(p);
	dst = tunnel_destination(p);
	if (stays_on_link(&src, &dst))
		return TUNNEL_LINK_LOCAL;
	if (ip6_equal(&src, &t->local) && ip6_equal(&dst, &t->remote)) /* RFC 2473 4.1.2 */
		return TUNNEL_LOOP;
	e.ecn = traffic_class(p) & CE;
	e.limit_at = find_limit(p, e.n);
	if (e.limit_at != 0)
		e.limit = p[e.limit_at] - 1;
	*ret_entry = e;
	return e.limit_at != 0 && e.limit < 0 ? TUNNEL_LIMIT : TUNNEL_PASS;
}

int
tunnel_ecn(uint8_t inner, uint8_t outer)
{
	/* RFC 6040 figure 4; rows: inner, columns: outer. */
	static const int8_t leaves[4][4] = {
		[NOT_ECT] = { [NOT_ECT] = NOT_ECT,
		    [ECT_1] = NOT_ECT,
		    [ECT_0] = NOT_ECT,
		    [CE] = -1 },
		[ECT_1] = { [NOT_ECT] = ECT_1, [ECT_1] = ECT_1, [ECT_0] = ECT_1, [CE] = CE },
		[ECT_0] = { [NOT_ECT] = ECT_0, [ECT_1] = ECT_1, [ECT_0] = ECT_0, [CE] = CE },
		[CE] = { [NOT_ECT] = CE, [ECT_1] = CE, [ECT_0] = CE, [CE] = CE },
	};

	return leaves[inner & 3][outer & 3];
}

enum tunnel_verdict
tunnel_exit(uint8_t *p, size_t n, uint8_t outer_class, size_t *ret_n)
{
	size_t len = packet_octets(p, n);
	struct in6_addr src, dst;
	int ecn;

	if (len == 0)
		return TUNNEL_MALFORMED;
	src = tunnel_source(p);
	dst = tunnel_destination(p);
	if (stays_on_link(&src, &dst))
		return TUNNEL_LINK_LOCAL;
	ecn = tunnel_ecn(traffic_class(p), outer_class);
	if (ecn < 0)
		return TUNNEL_ECN;
	p[1] = (uint8_t)((p[1] & 0xcf) | ecn << 4);
	*ret_n = len;
	return TUNNEL_PASS;
}

uint32_t
tunnel_mtu(uint32_t path_mtu)
{
	if (path_mtu < IP6_MIN_MTU + IP6_HEADER_OCTETS)
		return IP6_MIN_MTU;
	return path_mtu - IP6_HEADER_OCTETS;
}

bool
tunnel_may_answer(const uint8_t *p, size_t n)
{
	struct in6_addr src, dst;

	if (n < IP6_HEADER_OCTETS || p[0] >> 4 != 6)
		return false;
	src = tunnel_source(p);
	dst = tunnel_destination(p);
	if (!ip6_is_unicast_routable(&src) || dst.s6_addr[0] == 0xff)
		return false;
	/* An error is never answered with another; one that hides behind headers is let go. */
	return p[AT_NEXT_HEADER] != IP6_ICMP6 ||
	       (n > IP6_HEADER_OCTETS && p[IP6_HEADER_OCTETS] >= ICMP6_INFORMS);
}

bool
tunnel_relay(const struct tunnel_error *outer, const uint8_t *inner, size_t n,
    struct tunnel_error *ret_error)
{
	size_t len;

	if (!tunnel_may_answer(inner, n))
		return false;
	switch (outer->type) {
	case ICMP6_UNREACHABLE:
	case ICMP6_TIME:
	case ICMP6_PARAMETER:
		*ret_error =
		    (struct tunnel_error){ .type = ICMP6_UNREACHABLE, .code = ICMP6_CODE_ADDR };
		return true;
	case ICMP6_TOO_BIG:
		/* A smaller one goes through in fragments from now on. */
		len = IP6_HEADER_OCTETS +
		      ((size_t)inner[AT_PAYLOAD_LEN] << 8 | inner[AT_PAYLOAD_LEN + 1]);
		if (len <= IP6_MIN_MTU)
			return false;
		*ret_error = (struct tunnel_error){ .type = ICMP6_TOO_BIG,
			.value = tunnel_mtu(outer->value) };
		return true;
	default:
		return false;
	}
}
