/* nd.c - see nd.h. */
#include "common/wire/nd.h"

#include <errno.h>

enum { /* option types; lengths are in units of 8 octets, type and length included */
	OPT_SOURCE_LINK_LAYER = 1,
	OPT_TARGET_LINK_LAYER = 2,
	OPT_MTU = 5,	  /* RFC 4861 4.6.4 */
	OPT_INTERVAL = 7, /* RFC 6275 7.3 */
	OPT_AGENT = 8,	  /* RFC 6275 7.4 */
	OPT_RDNSS = 25,	  /* RFC 8106 5.1 */
	LINK_LAYER_LEN = 1,
	PREFIX_LEN = 4,
	MTU_LEN = 1,
	INTERVAL_LEN = 1,
	AGENT_LEN = 1,
	AGENT_R = 0x8000,
};

enum {
	ETHERTYPE_IP6 = 0x86dd,
	ETHERNET_OCTETS = 14,
	PAYLOAD_LENGTH_AT = ETHERNET_OCTETS + 4,
	ICMP_AT = ETHERNET_OCTETS + IP6_HEADER_OCTETS,
	CHECKSUM_AT = ICMP_AT + 2,
	HOP_LIMIT = 255, /* RFC 4861: nothing that a router has forwarded */
	RA_FLAGS = ND_RA_M | ND_RA_O | ND_RA_H,
	PREFIX_FLAGS = ND_PREFIX_L | ND_PREFIX_A | ND_PREFIX_R,
	NA_FLAGS = ND_NA_R | ND_NA_S | ND_NA_O,
};

/* ---- frames we make ---- */

static void
put_mac(struct wire_writer *w, const struct nd_mac *mac)
{
	wire_put(w, mac->b, sizeof(mac->b));
}

/* Everything up to the message's own fields. */
static void
put_headers(struct wire_writer *w, const struct nd_path *path, uint8_t icmp_type)
{
	put_mac(w, &path->to);
	put_mac(w, &path->from);
	wire_put_u16(w, ETHERTYPE_IP6);
	wire_put_u32(w, 6u << 28);
	wire_put_u16(w, 0); /* payload length: see finish() */
	wire_put_u8(w, IP6_ICMP6);
	wire_put_u8(w, HOP_LIMIT);
	wire_put_addr(w, path->src);
	wire_put_addr(w, path->dst);
	wire_put_u8(w, icmp_type);
	wire_put_u8(w, 0);  /* code */
	wire_put_u16(w, 0); /* checksum: see finish() */
}

static int
finish(struct wire_writer *w, const struct nd_path *path)
{
	const uint8_t *icmp = w->base + ICMP_AT;
	size_t n;

	if (w->bad)
		return -EMSGSIZE;
	n = w->pos - ICMP_AT;
	wire_set_u16(w, PAYLOAD_LENGTH_AT, (uint16_t)n);
	wire_set_u16(w, CHECKSUM_AT, ip6_checksum(&path->src, &path->dst, IP6_ICMP6, icmp, n));
	return 0;
}

static void
put_link_layer(struct wire_writer *w, uint8_t type, const struct nd_mac *mac)
{
	wire_put_u8(w, type);
	wire_put_u8(w, LINK_LAYER_LEN);
	put_mac(w, mac);
}

static void
put_mtu(struct wire_writer *w, uint32_t mtu)
{
	wire_put_u8(w, OPT_MTU);
	wire_put_u8(w, MTU_LEN);
	wire_put_u16(w, 0);
	wire_put_u32(w, mtu);
}

void
nd_prefix_put(struct wire_writer *w, const struct nd_prefix *p)
{
	wire_put_u8(w, ND_OPT_PREFIX);
	wire_put_u8(w, PREFIX_LEN);
	wire_put_u8(w, p->prefix.len);
	wire_put_u8(w, p->flags & PREFIX_FLAGS);
	wire_put_u32(w, p->valid_s);
	wire_put_u32(w, p->preferred_s);
	wire_put_u32(w, 0);
	wire_put_addr(w, p->prefix.addr);
}

static void
put_interval(struct wire_writer *w, uint32_t interval_ms)
{
	wire_put_u8(w, OPT_INTERVAL);
	wire_put_u8(w, INTERVAL_LEN);
	wire_put_u16(w, 0);
	wire_put_u32(w, interval_ms);
}

static void
put_agent(struct wire_writer *w, const struct nd_agent *a)
{
	wire_put_u8(w, OPT_AGENT);
	wire_put_u8(w, AGENT_LEN);
	wire_put_u16(w, a->mobile_routers ? AGENT_R : 0);
	wire_put_u16(w, a->preference);
	wire_put_u16(w, a->lifetime_s);
}

static void
put_rdnss(struct wire_writer *w, const struct nd_ra *ra)
{
	wire_put_u8(w, OPT_RDNSS);
	wire_put_u8(w, (uint8_t)(1 + 2 * ra->rdnss_n));
	wire_put_u16(w, 0);
	wire_put_u32(w, ra->rdnss_lifetime_s);
	for (unsigned i = 0; i < ra->rdnss_n; i++)
		wire_put_addr(w, ra->rdnss[i]);
}

int
nd_ra_put(struct wire_writer *w, const struct nd_path *path, const struct nd_ra *ra)
{
	if (ra->prefixes > ND_PREFIX_MAX || ra->rdnss_n > ND_RDNSS_MAX)
		return -EMSGSIZE;
	put_headers(w, path, ND_TYPE_RA);
	wire_put_u8(w, ra->hop_limit);
	wire_put_u8(w, ra->flags & RA_FLAGS);
	wire_put_u16(w, ra->lifetime_s);
	wire_put_u32(w, 0); /* reachable time: unspecified */
	wire_put_u32(w, 0); /* retransmission timer: unspecified */
	put_link_layer(w, OPT_SOURCE_LINK_LAYER, &path->from);
	if (ra->mtu)
		put_mtu(w, ra->mtu);
	for (unsigned i = 0; i < ra->prefixes; i++)
		nd_prefix_put(w, &ra->prefix[i]);
	if (ra->interval_ms)
		put_interval(w, ra->interval_ms);
	if (ra->agent.given)
		put_agent(w, &ra->agent);
	if (ra->rdnss_n)
		put_rdnss(w, ra);
	return finish(w, path);
}

int
nd_na_put(struct wire_writer *w, const struct nd_path *path, const struct in6_addr *target,
    const struct nd_mac *target_mac, uint8_t flags)
{
	put_headers(w, path, ND_TYPE_NA);
	wire_put_u32(w, (uint32_t)(flags & NA_FLAGS) << 24);
	wire_put_addr(w, *target);
	put_link_layer(w, OPT_TARGET_LINK_LAYER, target_mac);
	return finish(w, path);
}

int
nd_ns_put(struct wire_writer *w, const struct nd_path *path, const struct in6_addr *target)
{
	put_headers(w, path, ND_TYPE_NS);
	wire_put_u32(w, 0); /* reserved */
	wire_put_addr(w, *target);
	if (!ip6_is_any(&path->src))
		put_link_layer(w, OPT_SOURCE_LINK_LAYER, &path->from);
	return finish(w, path);
}

/* ---- frames we get ---- */

uint8_t
nd_type(const uint8_t *frame, size_t len)
{
	return len > ICMP_AT ? frame[ICMP_AT] : 0;
}

static struct nd_mac
get_mac(struct wire_reader *r)
{
	struct nd_mac mac = { { 0 } };
	const uint8_t *p = wire_take(r, sizeof(mac.b));

	if (p)
		memcpy(mac.b, p, sizeof(mac.b));
	return mac;
}

/*
 * Everything up to the message's own fields; leaves r at them, and with the end
 * of the IPv6 payload as its end.
 *
 * Extension headers in front of Neighbour Discovery are lawful, but nobody
 * sends them and RFC 6980 tells why one would not want to meet them.
 */
static void
get_headers(struct wire_reader *r, struct nd_path *path, uint8_t icmp_type)
{
	uint16_t ethertype, payload;
	uint8_t version, next, hops, type, code;

	path->to = get_mac(r);
	path->from = get_mac(r);
	ethertype = wire_get_u16(r);
	version = (uint8_t)(wire_get_u32(r) >> 28);
	payload = wire_get_u16(r);
	next = wire_get_u8(r);
	hops = wire_get_u8(r);
	path->src = wire_get_addr(r);
	path->dst = wire_get_addr(r);
	if (payload > wire_left(r))
		r->bad = true;
	if (r->bad)
		return;
	r->len = r->pos + payload; /* Ethernet pads short frames */

	if (ip6_checksum(&path->src, &path->dst, IP6_ICMP6, r->base + r->pos, payload) != 0)
		r->bad = true;
	type = wire_get_u8(r);
	code = wire_get_u8(r);
	wire_get_u16(r); /* checksum */
	if (ethertype != ETHERTYPE_IP6 || version != 6 || next != IP6_ICMP6 || hops != HOP_LIMIT ||
	    type != icmp_type || code != 0)
		r->bad = true;
}

uint8_t
nd_option_get(struct wire_reader *r, struct wire_reader *ret_body)
{
	uint8_t type = wire_get_u8(r);
	size_t len = wire_get_u8(r) * 8u;

	*ret_body = (struct wire_reader){ 0 };
	if (len == 0) {
		r->bad = true; /* RFC 4861 6.1.1: would never end */
		return type;
	}
	ret_body->base = wire_take(r, len - 2);
	ret_body->len = ret_body->base ? len - 2 : 0;
	return type;
}

int
nd_rs_get(const uint8_t *frame, size_t len, struct nd_mac *ret_from, struct in6_addr *ret_src)
{
	struct wire_reader r = { .base = frame, .len = len };
	struct wire_reader body;
	struct nd_path path;

	get_headers(&r, &path, ND_TYPE_RS);
	wire_get_u32(&r); /* reserved */
	while (wire_left(&r) > 0)
		if (nd_option_get(&r, &body) == OPT_SOURCE_LINK_LAYER && ip6_is_any(&path.src))
			r.bad = true; /* RFC 4861 6.1.1 */
	if (r.bad)
		return -EBADMSG;
	*ret_from = path.from;
	*ret_src = path.src;
	return 0;
}

struct nd_prefix
nd_prefix_get(struct wire_reader *body)
{
	struct nd_prefix p = { 0 };

	p.prefix.len = wire_get_u8(body);
	p.flags = wire_get_u8(body) & PREFIX_FLAGS;
	p.valid_s = wire_get_u32(body);
	p.preferred_s = wire_get_u32(body);
	wire_get_u32(body); /* reserved */
	p.prefix.addr = wire_get_addr(body);
	if (wire_left(body) > 0)
		body->bad = true;
	return p;
}

static void
get_prefix(struct wire_reader *r, struct nd_ra *ra)
{
	struct nd_prefix p = nd_prefix_get(r);

	if (ra->prefixes < ND_PREFIX_MAX) /* a router controls this count */
		ra->prefix[ra->prefixes++] = p;
}

static void
get_mtu(struct wire_reader *r, struct nd_ra *ra)
{
	wire_get_u16(r); /* reserved */
	ra->mtu = wire_get_u32(r);
}

static void
get_interval(struct wire_reader *r, struct nd_ra *ra)
{
	wire_get_u16(r); /* reserved */
	ra->interval_ms = wire_get_u32(r);
}

static void
get_agent(struct wire_reader *r, struct nd_ra *ra)
{
	ra->agent.given = true;
	ra->agent.mobile_routers = wire_get_u16(r) & AGENT_R;
	ra->agent.preference = wire_get_u16(r);
	ra->agent.lifetime_s = wire_get_u16(r);
}

static void
get_rdnss(struct wire_reader *r, struct nd_ra *ra)
{
	wire_get_u16(r); /* reserved */
	ra->rdnss_lifetime_s = wire_get_u32(r);
	do {
		struct in6_addr a = wire_get_addr(r);

		if (ra->rdnss_n < ND_RDNSS_MAX) /* a router controls this count */
			ra->rdnss[ra->rdnss_n++] = a;
	} while (wire_left(r) > 0);
}

int
nd_ra_get(const uint8_t *frame, size_t len, struct nd_path *ret_path, struct nd_ra *ret_ra)
{
	struct wire_reader r = { .base = frame, .len = len };
	struct wire_reader body;
	struct nd_path path;
	struct nd_ra ra = { 0 };

	get_headers(&r, &path, ND_TYPE_RA);
	ra.hop_limit = wire_get_u8(&r);
	ra.flags = wire_get_u8(&r) & RA_FLAGS;
	ra.lifetime_s = wire_get_u16(&r);
	wire_get_u64(&r); /* reachable time, retransmission timer */
	while (wire_left(&r) > 0) {
		uint8_t type = nd_option_get(&r, &body);

		if (r.bad)
			break;
		if (type == ND_OPT_PREFIX)
			get_prefix(&body, &ra);
		else if (type == OPT_MTU)
			get_mtu(&body, &ra);
		else if (type == OPT_INTERVAL)
			get_interval(&body, &ra);
		else if (type == OPT_AGENT)
			get_agent(&body, &ra);
		else if (type == OPT_RDNSS)
			get_rdnss(&body, &ra);
		else
			continue;
		if (body.bad || wire_left(&body) > 0)
			r.bad = true;
	}
	if (r.bad || !ip6_is_linklocal(&path.src)) /* RFC 4861 6.1.2 */
		return -EBADMSG;
	*ret_path = path;
	*ret_ra = ra;
	return 0;
}

int
nd_ns_get(const uint8_t *frame, size_t len, struct nd_path *ret_path, struct in6_addr *ret_target)
{
	struct wire_reader r = { .base = frame, .len = len };
	struct wire_reader body;
	struct nd_path path;
	struct in6_addr target, group;

	get_headers(&r, &path, ND_TYPE_NS);
	wire_get_u32(&r); /* reserved */
	target = wire_get_addr(&r);
	while (wire_left(&r) > 0)
		if (nd_option_get(&r, &body) == OPT_SOURCE_LINK_LAYER && ip6_is_any(&path.src))
			r.bad = true;
	group = nd_solicited_node(&target);
	if (r.bad || IN6_IS_ADDR_MULTICAST(&target))
		return -EBADMSG;
	if (ip6_is_any(&path.src) && !ip6_equal(&path.dst, &group))
		return -EBADMSG;
	*ret_path = path;
	*ret_target = target;
	return 0;
}

int
nd_na_get(const uint8_t *frame, size_t len, struct nd_path *ret_path, struct nd_na *ret_na)
{
	struct wire_reader r = { .base = frame, .len = len };
	struct wire_reader body;
	struct nd_path path;
	struct nd_na na = { 0 };

	get_headers(&r, &path, ND_TYPE_NA);
	na.flags = (uint8_t)(wire_get_u32(&r) >> 24) & NA_FLAGS;
	na.target = wire_get_addr(&r);
	while (wire_left(&r) > 0) {
		if (nd_option_get(&r, &body) != OPT_TARGET_LINK_LAYER || r.bad)
			continue;
		na.has_mac = true;
		na.mac = get_mac(&body);
		if (body.bad || wire_left(&body) > 0)
			r.bad = true;
	}
	if (r.bad || IN6_IS_ADDR_MULTICAST(&na.target) ||
	    (IN6_IS_ADDR_MULTICAST(&path.dst) && (na.flags & ND_NA_S)))
		return -EBADMSG;
	*ret_path = path;
	*ret_na = na;
	return 0;
}

struct in6_addr
nd_solicited_node(const struct in6_addr *addr)
{
	const uint8_t *b = addr->s6_addr;

	return (struct in6_addr){ .s6_addr = { 0xff, 0x02, [11] = 1, 0xff, b[13], b[14], b[15] } };
}

struct nd_mac
nd_group_mac(const struct in6_addr *group)
{
	const uint8_t *b = group->s6_addr;

	return (struct nd_mac){ { 0x33, 0x33, b[12], b[13], b[14], b[15] } };
}

struct in6_addr
nd_linklocal(const struct nd_mac *mac)
{
	const uint8_t *b = mac->b;

	return (struct in6_addr){ .s6_addr = { 0xfe, 0x80, [8] = b[0] ^ 0x02, b[1], b[2], 0xff,
				      0xfe, b[3], b[4], b[5] } };
}
