/* ip6.c - see ip6.h. */
#include "common/wire/ip6.h"

#include <errno.h>

enum {
	OPT_PAD1 = 0,
	OPT_HOME_ADDRESS = 201,
	RH_TYPE2 = 2,
	HOP_LIMIT = 64,
	EXT_HEADER_OCTETS = 24, /* of either header we write */
	MH_HEADER_OCTETS = 8,
	MH_CHECKSUM_AT = 4,
};

static const struct ip6_prefix unspecified = { .len = 128 };
static const struct ip6_prefix loopback = { .addr = IN6ADDR_LOOPBACK_INIT, .len = 128 };
static const struct ip6_prefix linklocal = { .addr.s6_addr = { 0xfe, 0x80 }, .len = 10 };
static const struct ip6_prefix multicast = { .addr.s6_addr = { 0xff }, .len = 8 };
static const struct ip6_prefix mapped = { .addr.s6_addr = { [10] = 0xff, [11] = 0xff }, .len = 96 };

/* What RFC 6275 9.3.1 does not call unicast routable. */
static const struct ip6_prefix *const unroutable[] = {
	&unspecified,
	&loopback,
	&linklocal,
	&multicast,
	&mapped,
};
static const size_t unroutables = sizeof(unroutable) / sizeof(unroutable[0]);

/* ---- addresses and prefixes ---- */

bool
ip6_equal(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool
ip6_is_any(const struct in6_addr *a)
{
	return ip6_equal(a, &unspecified.addr);
}

bool
ip6_is_linklocal(const struct in6_addr *a)
{
	return ip6_prefix_has(&linklocal, a);
}

bool
ip6_is_unicast_routable(const struct in6_addr *a)
{
	for (size_t i = 0; i < unroutables; i++)
		if (ip6_prefix_has(unroutable[i], a))
			return false;
	return true;
}

struct ip6_prefix
ip6_host(const struct in6_addr *a)
{
	return (struct ip6_prefix){ .addr = *a, .len = 128 };
}

/* The bits of octet i that a prefix of len bits fixes. */
static uint8_t
mask_octet(unsigned len, unsigned i)
{
	if (len >= 8 * (i + 1))
		return 0xff;
	return (uint8_t)(len <= 8 * i ? 0 : 0xff << (8 * (i + 1) - len));
}

bool
ip6_prefix_equal(const struct ip6_prefix *a, const struct ip6_prefix *b)
{
	return a->len == b->len && ip6_equal(&a->addr, &b->addr);
}

bool
ip6_prefix_has(const struct ip6_prefix *p, const struct in6_addr *a)
{
	for (unsigned i = 0; i < sizeof(a->s6_addr); i++)
		if ((p->addr.s6_addr[i] ^ a->s6_addr[i]) & mask_octet(p->len, i))
			return false;
	return true;
}

bool
ip6_prefix_covers(const struct ip6_prefix *outer, const struct ip6_prefix *inner)
{
	return outer->len <= inner->len && ip6_prefix_has(outer, &inner->addr);
}

bool
ip6_prefix_overlaps(const struct ip6_prefix *a, const struct ip6_prefix *b)
{
	return ip6_prefix_covers(a, b) || ip6_prefix_covers(b, a);
}

bool
ip6_prefix_has_host_bits(const struct ip6_prefix *p)
{
	for (unsigned i = 0; i < sizeof(p->addr.s6_addr); i++)
		if (p->addr.s6_addr[i] & ~mask_octet(p->len, i))
			return true;
	return false;
}

bool
ip6_prefix_is_usable(const struct ip6_prefix *p)
{
	if (p->len < 1 || p->len > 128 || ip6_prefix_has_host_bits(p))
		return false;
	for (size_t i = 0; i < unroutables; i++)
		if (ip6_prefix_overlaps(p, unroutable[i]))
			return false;
	return true;
}

bool
ip6_prefix_first_host(const struct ip6_prefix *p, struct in6_addr *ret_addr)
{
	/* RFC 6164: a /127 has two hosts and no anycast address; a /128 is one host. */
	if (p->len > 126)
		return false;
	for (unsigned i = 0; i < sizeof(p->addr.s6_addr); i++)
		ret_addr->s6_addr[i] = p->addr.s6_addr[i] & mask_octet(p->len, i);
	ret_addr->s6_addr[15] |= 1;
	return true;
}

bool
ip6_home_agents_anycast(const struct ip6_prefix *p, struct in6_addr *ret_addr)
{
	struct in6_addr a;

	if (p->len > 120) /* seven bits of identifier, and what is not all ones above them */
		return false;
	for (unsigned i = 0; i < sizeof(a.s6_addr); i++) {
		uint8_t mask = mask_octet(p->len, i);

		a.s6_addr[i] = (uint8_t)((p->addr.s6_addr[i] & mask) | (0xff & ~mask));
	}
	a.s6_addr[15] = 0xfe;
	/* RFC 4291 2.5.1: all but 000/3 have EUI-64 identifiers; their local bit is 0. */
	if (p->len <= 64 && a.s6_addr[0] >> 5 != 0)
		a.s6_addr[8] = 0xfd;
	*ret_addr = a;
	return true;
}

/* ---- what a Mobility Header travels in ---- */

static void
get_home_address(struct wire_reader *r, struct ip6_mh_packet *p)
{
	if (p->has_hao)
		r->bad = true; /* RFC 6275 6.3: at most one in a packet */
	p->has_hao = true;
	p->hao = wire_get_addr(r);
}

/* RFC 8200 4.2: the two highest bits say whether a node may step over an unknown option. */
static bool
may_skip(uint8_t type)
{
	return (type & 0xc0) == 0; /* so in Pad1, PadN and the Tunnel Encapsulation Limit */
}

/* Options of a destination or hop-by-hop header, up to the end of r. */
static void
get_options(struct wire_reader *r, struct ip6_mh_packet *p, bool destination)
{
	while (wire_left(r) > 0) {
		uint8_t type = wire_get_u8(r);
		uint8_t len = type == OPT_PAD1 ? 0 : wire_get_u8(r);
		struct wire_reader body = { .base = wire_take(r, len), .len = len };

		if (r->bad)
			return;
		if (type == OPT_HOME_ADDRESS && destination) {
			get_home_address(&body, p);
			r->bad = body.bad || wire_left(&body) > 0;
		} else {
			r->bad = !may_skip(type);
		}
	}
}

/* Everything of a routing header behind its length. */
static void
get_routing(struct wire_reader *r, struct ip6_mh_packet *p)
{
	uint8_t type = wire_get_u8(r);
	uint8_t segments_left = wire_get_u8(r);

	if (type != RH_TYPE2) {
		if (segments_left != 0) /* RFC 8200 4.4: not for us to forward */
			r->bad = true;
		return;
	}
	wire_get_u32(r); /* reserved */
	if (p->has_rh2 || segments_left != 1)
		r->bad = true;
	p->has_rh2 = true;
	p->rh2 = wire_get_addr(r);
	if (wire_left(r) > 0)
		r->bad = true;
}

/* One extension header of type nh; returns the next header. */
static uint8_t
get_extension(struct wire_reader *r, uint8_t nh, struct ip6_mh_packet *p)
{
	uint8_t next = wire_get_u8(r);
	size_t len = wire_get_u8(r) * 8u + 6;
	struct wire_reader body = { .base = wire_take(r, len), .len = len };

	if (r->bad)
		return next;
	if (nh == IP6_ROUTING)
		get_routing(&body, p);
	else
		get_options(&body, p, nh == IP6_DEST_OPTS);
	if (body.bad)
		r->bad = true;
	return next;
}

int
ip6_mh_packet_get(const uint8_t *p, size_t len, struct ip6_mh_packet *ret_packet)
{
	struct wire_reader r = { .base = p, .len = len };
	struct ip6_mh_packet out = { .packet = p };
	uint32_t version = wire_get_u32(&r) >> 28;
	uint16_t payload = wire_get_u16(&r);
	uint8_t nh = wire_get_u8(&r);

	wire_get_u8(&r); /* hop limit */
	out.src = wire_get_addr(&r);
	out.dst = wire_get_addr(&r);
	if (r.bad || version != 6 || payload > wire_left(&r))
		return -EBADMSG;
	r.len = out.packet_len = r.pos + payload; /* link-layer padding may follow */

	if (nh == IP6_HOP_BY_HOP) /* RFC 8200 4.1: only right behind the IPv6 header */
		nh = get_extension(&r, nh, &out);
	while (!r.bad && (nh == IP6_DEST_OPTS || nh == IP6_ROUTING))
		nh = get_extension(&r, nh, &out);
	if (r.bad || nh == IP6_FRAGMENT)
		return -EBADMSG;

	out.upper = nh;
	if (nh == IP6_MH) {
		out.mh_len = wire_left(&r);
		out.mh = wire_take(&r, out.mh_len);
	} else if (nh == IP6_ICMP6) {
		out.icmp6_len = wire_left(&r);
		out.icmp6 = wire_take(&r, out.icmp6_len);
	}
	*ret_packet = out;
	return 0;
}

const struct in6_addr *
ip6_mh_source(const struct ip6_mh_packet *p)
{
	return p->has_hao ? &p->hao : &p->src;
}

const struct in6_addr *
ip6_mh_destination(const struct ip6_mh_packet *p)
{
	return p->has_rh2 ? &p->rh2 : &p->dst;
}

/* Add n octets to a sum of 16-bit words that is folded at the end. */
static uint64_t
sum(uint64_t s, const uint8_t *p, size_t n)
{
	for (; n > 1; p += 2, n -= 2)
		s += (uint32_t)(p[0] << 8 | p[1]);
	return n ? s + (uint32_t)(p[0] << 8) : s;
}

uint16_t
ip6_checksum(const struct in6_addr *src, const struct in6_addr *dst, uint8_t next_header,
    const uint8_t *p, size_t n)
{
	uint64_t s = n + next_header; /* RFC 8200 8.1: the rest of the pseudo-header */

	s = sum(s, src->s6_addr, sizeof(src->s6_addr));
	s = sum(s, dst->s6_addr, sizeof(dst->s6_addr));
	s = sum(s, p, n);
	while (s > 0xffff)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static void
put_rh2(struct wire_writer *w, uint8_t next_header, const struct in6_addr *home)
{
	wire_put_u8(w, next_header);
	wire_put_u8(w, EXT_HEADER_OCTETS / 8 - 1);
	wire_put_u8(w, RH_TYPE2);
	wire_put_u8(w, 1); /* segments left */
	wire_put_u32(w, 0);
	wire_put_addr(w, *home);
}

static void
put_hao(struct wire_writer *w, uint8_t next_header, const struct in6_addr *home)
{
	wire_put_u8(w, next_header);
	wire_put_u8(w, EXT_HEADER_OCTETS / 8 - 1);
	wire_put_u32(w, 0x01020000); /* PadN: RFC 6275 6.3 wants the option at 8n+6 */
	wire_put_u8(w, OPT_HOME_ADDRESS);
	wire_put_u8(w, sizeof(*home));
	wire_put_addr(w, *home);
}

/* A message, whatever it is, with the headers in front of it. */
static int
put_packet(struct wire_writer *w, const struct ip6_mh_out *out, uint8_t upper)
{
	size_t headers = (out->with_hao + out->with_rh2) * (size_t)EXT_HEADER_OCTETS;
	uint8_t behind_rh2 = out->with_hao ? IP6_DEST_OPTS : upper;

	if (out->mh_len > UINT16_MAX - headers)
		return -EMSGSIZE;
	wire_put_u32(w, 6u << 28);
	wire_put_u16(w, (uint16_t)(headers + out->mh_len));
	wire_put_u8(w, out->with_rh2 ? IP6_ROUTING : behind_rh2);
	wire_put_u8(w, HOP_LIMIT);
	wire_put_addr(w, out->src);
	wire_put_addr(w, out->dst);
	if (out->with_rh2) /* RFC 6275 6.3: the Home Address option comes behind it */
		put_rh2(w, behind_rh2, &out->home);
	if (out->with_hao)
		put_hao(w, upper, &out->home);
	wire_put(w, out->mh, out->mh_len);
	return w->bad ? -EMSGSIZE : 0;
}

int
ip6_mh_packet_put(struct wire_writer *w, const struct ip6_mh_out *out)
{
	const struct in6_addr *src = out->with_hao ? &out->home : &out->src;
	const struct in6_addr *dst = out->with_rh2 ? &out->home : &out->dst;
	uint16_t checksum;
	size_t at;

	if (out->mh_len < MH_HEADER_OCTETS || put_packet(w, out, IP6_MH) < 0)
		return -EMSGSIZE;
	at = w->pos - out->mh_len;
	wire_set_u16(w, at + MH_CHECKSUM_AT, 0);
	checksum = ip6_checksum(src, dst, IP6_MH, w->base + at, out->mh_len);
	wire_set_u16(w, at + MH_CHECKSUM_AT, checksum);
	return 0;
}

int
ip6_icmp6_packet_put(struct wire_writer *w, const struct ip6_icmp6_out *out)
{
	const struct ip6_mh_out same = {
		.src = out->src,
		.dst = out->dst,
		.with_hao = out->with_hao,
		.with_rh2 = out->with_rh2,
		.home = out->home,
		.mh = out->icmp6,
		.mh_len = out->icmp6_len,
	};

	return put_packet(w, &same, IP6_ICMP6);
}
