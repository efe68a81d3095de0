/*
 * mh_opt.c - see mh_opt.h.
 *
 * Everything known about an option is one row of the table at the end, and the
 * pair of functions it names. To add one: a row, a pair, a field in mh_opt.h.
 * The walkers below the table do not know any option.
 *
 * Long: a pair of functions for each of 28 options, so that one file has them all.
 */
#include "common/wire/mh_opt.h"

#include <errno.h>

/* ---- pieces that several options share ---- */

/* What is left of an option, which has at most 255 octets. */
static struct mh_bytes
get_rest(struct wire_reader *r)
{
	struct mh_bytes b = { .n = (uint8_t)wire_left(r) };

	b.p = wire_take(r, b.n);
	return b;
}

static void
put_bytes(struct wire_writer *w, struct mh_bytes b)
{
	wire_put(w, b.p, b.n);
}

static struct in_addr
get_addr4(struct wire_reader *r)
{
	const uint8_t *p = wire_take(r, sizeof(struct in_addr));
	struct in_addr a = { 0 };

	if (p)
		memcpy(&a, p, sizeof(a));
	return a;
}

static void
put_addr4(struct wire_writer *w, struct in_addr a)
{
	wire_put(w, &a, sizeof(a));
}

static void
get_typed(struct wire_reader *r, struct mh_typed *t)
{
	t->code = wire_get_u8(r);
	t->data = get_rest(r);
}

static void
put_typed(struct wire_writer *w, const struct mh_typed *t)
{
	wire_put_u8(w, t->code);
	put_bytes(w, t->data);
}

/* Mobile and Home Network Prefix look alike. No verdict here: see mh_opts_get. */
static void
get_ip6_prefix(struct wire_reader *r, struct ip6_prefix *p)
{
	wire_get_u8(r); /* reserved */
	p->len = wire_get_u8(r);
	p->addr = wire_get_addr(r);
}

static void
put_ip6_prefix(struct wire_writer *w, const struct ip6_prefix *p)
{
	wire_put_u8(w, 0);
	wire_put_u8(w, p->len);
	wire_put_addr(w, p->addr);
}

/* ---- a pair for each option, in the order of their types; i: which of several ---- */

static void
get_refresh(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->refresh_s = wire_get_u16(r) * 4u;
}

static void
put_refresh(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u16(w, mh_units(o->refresh_s));
}

static void
get_altcoa(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->altcoa = wire_get_addr(r);
}

static void
put_altcoa(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_addr(w, o->altcoa);
}

static void
get_nonce(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->nonce_home = wire_get_u16(r);
	o->nonce_careof = wire_get_u16(r);
}

static void
put_nonce(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u16(w, o->nonce_home);
	wire_put_u16(w, o->nonce_careof);
}

static void
get_binding_auth(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->binding_auth = get_rest(r);
}

static void
put_binding_auth(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	put_bytes(w, o->binding_auth);
}

static void
get_prefix(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	get_ip6_prefix(r, &o->prefix[i]);
}

static void
put_prefix(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	put_ip6_prefix(w, &o->prefix[i]);
}

static void
get_link_layer(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	get_typed(r, &o->link_layer);
}

static void
put_link_layer(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	put_typed(w, &o->link_layer);
}

static void
get_node_id(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	get_typed(r, &o->node_id);
}

static void
put_node_id(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	put_typed(w, &o->node_id);
}

static void
get_auth(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	o->auth[i].subtype = wire_get_u8(r);
	o->auth[i].spi = wire_get_u32(r);
	o->auth[i].data = get_rest(r);
}

static void
put_auth(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	wire_put_u8(w, o->auth[i].subtype);
	wire_put_u32(w, o->auth[i].spi);
	put_bytes(w, o->auth[i].data);
}

static void
get_replay(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->replay_ntp = wire_get_u64(r);
}

static void
put_replay(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u64(w, o->replay_ntp);
}

static void
get_vendor(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	o->vendor[i].vendor = wire_get_u32(r);
	o->vendor[i].subtype = wire_get_u8(r);
	o->vendor[i].data = get_rest(r);
}

static void
put_vendor(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	wire_put_u32(w, o->vendor[i].vendor);
	wire_put_u8(w, o->vendor[i].subtype);
	put_bytes(w, o->vendor[i].data);
}

static void
get_service(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_get_u8(r); /* reserved */
	o->service.data = get_rest(r);
}

static void
put_service(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u8(w, 0);
	put_bytes(w, o->service.data);
}

static void
get_home_prefix(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	get_ip6_prefix(r, &o->home_prefix[i]);
}

static void
put_home_prefix(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	put_ip6_prefix(w, &o->home_prefix[i]);
}

static void
get_handoff(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_get_u8(r); /* reserved */
	o->handoff = wire_get_u8(r);
}

static void
put_handoff(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u8(w, 0);
	wire_put_u8(w, o->handoff);
}

static void
get_access(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_get_u8(r); /* reserved */
	o->access = wire_get_u8(r);
}

static void
put_access(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u8(w, 0);
	wire_put_u8(w, o->access);
}

static void
get_node_link_layer(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_get_u16(r); /* reserved */
	o->node_link_layer = get_rest(r);
}

static void
put_node_link_layer(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u16(w, 0);
	put_bytes(w, o->node_link_layer);
}

static void
get_link_local(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->link_local = wire_get_addr(r);
}

static void
put_link_local(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_addr(w, o->link_local);
}

static void
get_timestamp(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->timestamp = wire_get_u64(r);
}

static void
put_timestamp(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u64(w, o->timestamp);
}

static void
get_restart(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->restart = wire_get_u32(r);
}

static void
put_restart(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u32(w, o->restart);
}

static void
get_ipv4_hoa(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	uint16_t bits = wire_get_u16(r); /* prefix length (6), P, reserved (9) */

	(void)i;
	o->ipv4_hoa.len = (uint8_t)(bits >> 10);
	o->ipv4_hoa.want_prefix = bits & 0x0200;
	o->ipv4_hoa.addr = get_addr4(r);
}

static void
put_ipv4_hoa(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	unsigned bits = (o->ipv4_hoa.len & 0x3fu) << 10 | (o->ipv4_hoa.want_prefix ? 0x0200 : 0);

	(void)i;
	wire_put_u16(w, (uint16_t)bits);
	put_addr4(w, o->ipv4_hoa.addr);
}

static void
get_ipv4_ack(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->ipv4_ack.status = wire_get_u8(r);
	o->ipv4_ack.len = wire_get_u8(r) >> 2; /* above two reserved bits */
	o->ipv4_ack.addr = get_addr4(r);
}

static void
put_ipv4_ack(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u8(w, o->ipv4_ack.status);
	wire_put_u8(w, (uint8_t)(o->ipv4_ack.len << 2));
	put_addr4(w, o->ipv4_ack.addr);
}

static void
get_nat(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->nat.force = wire_get_u16(r) & 0x8000;
	o->nat.refresh_s = wire_get_u32(r);
}

static void
put_nat(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u16(w, o->nat.force ? 0x8000 : 0);
	wire_put_u32(w, o->nat.refresh_s);
}

static void
get_ipv4_coa(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_get_u16(r); /* reserved */
	o->ipv4_coa = get_addr4(r);
}

static void
put_ipv4_coa(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u16(w, 0);
	put_addr4(w, o->ipv4_coa);
}

static void
get_gre_key(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_get_u16(r); /* reserved */
	o->gre.has_key = wire_left(r) > 0;
	if (o->gre.has_key)
		o->gre.key = wire_get_u32(r);
}

static void
put_gre_key(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u16(w, 0);
	if (o->gre.has_key)
		wire_put_u32(w, o->gre.key);
}

/* RFC 5648 4.1: the care-of address is absent, IPv4 or IPv6. */
static bool
bid_coa_fits(size_t octets)
{
	return octets == 0 || octets == sizeof(struct in_addr) || octets == sizeof(struct in6_addr);
}

static void
get_bid(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	struct mh_bid *b = &o->bid[i];
	struct mh_bytes coa;
	uint8_t flags;

	b->id = wire_get_u16(r);
	b->status = wire_get_u8(r);
	flags = wire_get_u8(r); /* H and what RFC 6089 4.1 made the priority */
	b->home = flags & 0x80;
	b->priority = flags & 0x7f;
	coa = get_rest(r);
	if (!bid_coa_fits(coa.n)) {
		r->bad = true;
		return;
	}
	b->coa_octets = coa.n;
	memcpy(&b->coa, coa.p, coa.n);
}

static void
put_bid(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	const struct mh_bid *b = &o->bid[i];

	wire_put_u16(w, b->id);
	wire_put_u8(w, b->status);
	wire_put_u8(w, (uint8_t)((b->home ? 0x80 : 0) | (b->priority & 0x7f)));
	if (bid_coa_fits(b->coa_octets))
		wire_put(w, &b->coa, b->coa_octets);
	else
		w->bad = true;
}

static void
get_flow_summary(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->flow_summary = get_rest(r);
	if (o->flow_summary.n % 2)
		r->bad = true;
}

static void
put_flow_summary(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	put_bytes(w, o->flow_summary);
	if (o->flow_summary.n % 2)
		w->bad = true;
}

static void
get_flow(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	o->flow[i].id = wire_get_u16(r);
	o->flow[i].priority = wire_get_u16(r);
	wire_get_u8(r); /* reserved */
	o->flow[i].status = wire_get_u8(r);
	o->flow[i].sub = get_rest(r);
}

static void
put_flow(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	wire_put_u16(w, o->flow[i].id);
	wire_put_u16(w, o->flow[i].priority);
	wire_put_u8(w, 0);
	wire_put_u8(w, o->flow[i].status);
	put_bytes(w, o->flow[i].sub);
}

static void
get_group(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	(void)i;
	o->group.subtype = wire_get_u8(r);
	wire_get_u8(r); /* reserved */
	o->group.id = wire_get_u32(r);
}

static void
put_group(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u8(w, o->group.subtype);
	wire_put_u8(w, 0);
	wire_put_u32(w, o->group.id);
}

/* V says whether the prefix has 4 octets or 16. */
static size_t
delegated_octets(const struct mh_opts *o)
{
	return o->delegated.ipv4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

static void
get_delegated(struct wire_reader *r, struct mh_opts *o, unsigned i)
{
	const uint8_t *p;

	(void)i;
	o->delegated.ipv4 = wire_get_u8(r) & 0x80;
	o->delegated.prefix.len = wire_get_u8(r);
	p = wire_take(r, delegated_octets(o));
	if (p)
		memcpy(&o->delegated.prefix.addr, p, delegated_octets(o));
}

static void
put_delegated(struct wire_writer *w, const struct mh_opts *o, unsigned i)
{
	(void)i;
	wire_put_u8(w, o->delegated.ipv4 ? 0x80 : 0);
	wire_put_u8(w, o->delegated.prefix.len);
	wire_put(w, &o->delegated.prefix.addr, delegated_octets(o));
}

/* ---- the table ---- */

/*
 * Everything this program knows about a mobility option, in the order in which
 * a message carries them. Few messages have more than three and their order is
 * free, but for the end: what names the node comes before what authenticates it
 * (RFC 4283), Vendor Specific before Binding Authorization Data (RFC 5094 3),
 * and what authenticates comes last (RFC 4285 5.1, RFC 6275 6.2.7).
 */
static const struct option {
	uint8_t type;
	uint8_t min, max;  /* Option Length: octets behind the length octet */
	uint8_t align, at; /* the type octet goes at align * k + at */
	uint8_t repeat;	   /* most that one message may carry */
	bool closes;	   /* ends on a multiple of 8: padding goes before it, not behind */
	const char *name;
	void (*get)(struct wire_reader *, struct mh_opts *, unsigned i);
	void (*put)(struct wire_writer *, const struct mh_opts *, unsigned i);
} options[] = {
	/* clang-format off */
	/* type                   min  max  align at repeat        closes */
	{ MH_OPT_PREFIX,           18,  18,   8, 4,  MH_PREFIX_MAX, false,  /* RFC 3963 4.3 */
	    "Mobile Network Prefix", get_prefix, put_prefix },
	{ MH_OPT_REFRESH,           2,   2,   2, 0,  1,             false,  /* RFC 6275 6.2.4 */
	    "Binding Refresh Advice", get_refresh, put_refresh },
	{ MH_OPT_ALTCOA,           16,  16,   8, 6,  1,             false,  /* RFC 6275 6.2.5 */
	    "Alternate Care-of Address", get_altcoa, put_altcoa },
	{ MH_OPT_NONCE,             4,   4,   2, 0,  1,             false,  /* RFC 6275 6.2.6 */
	    "Nonce Indices", get_nonce, put_nonce },
	{ MH_OPT_REPLAY,            8,   8,   8, 2,  1,             false,  /* RFC 4285 6 */
	    "Replay Protection", get_replay, put_replay },
	{ MH_OPT_NODE_ID,           1, 255,   1, 0,  1,             false,  /* RFC 4283 3 */
	    "Mobile Node Identifier", get_node_id, put_node_id },
	{ MH_OPT_LINK_LAYER,        1, 255,   1, 0,  1,             false,  /* RFC 5568 */
	    "Mobility Header Link-Layer Address", get_link_layer, put_link_layer },
	{ MH_OPT_SERVICE,           1, 255,   1, 0,  1,             false,  /* RFC 5149 3 */
	    "Service Selection", get_service, put_service },
	{ MH_OPT_HOME_PREFIX,      18,  18,   8, 4,  MH_PREFIX_MAX, false,  /* RFC 5213 8.3 */
	    "Home Network Prefix", get_home_prefix, put_home_prefix },
	{ MH_OPT_HANDOFF,           2,   2,   1, 0,  1,             false,  /* RFC 5213 8.4 */
	    "Handoff Indicator", get_handoff, put_handoff },
	{ MH_OPT_ACCESS,            2,   2,   1, 0,  1,             false,  /* RFC 5213 8.5 */
	    "Access Technology Type", get_access, put_access },
	{ MH_OPT_NODE_LINK_LAYER,   2, 255,   4, 0,  1,             false,  /* RFC 5213 8.6 */
	    "Mobile Node Link-layer Identifier", get_node_link_layer, put_node_link_layer },
	{ MH_OPT_LINK_LOCAL,       16,  16,   8, 6,  1,             false,  /* RFC 5213 8.7 */
	    "Link-local Address", get_link_local, put_link_local },
	{ MH_OPT_TIMESTAMP,         8,   8,   8, 2,  1,             false,  /* RFC 5213 8.8 */
	    "Timestamp", get_timestamp, put_timestamp },
	{ MH_OPT_RESTART,           4,   4,   4, 2,  1,             false,  /* RFC 5847 3.4 */
	    "Restart Counter", get_restart, put_restart },
	{ MH_OPT_IPV4_HOA,          6,   6,   4, 0,  1,             false,  /* RFC 5555 3.1.1 */
	    "IPv4 Home Address", get_ipv4_hoa, put_ipv4_hoa },
	{ MH_OPT_IPV4_ACK,          6,   6,   4, 0,  1,             false,  /* RFC 5555 3.2.1 */
	    "IPv4 Address Acknowledgement", get_ipv4_ack, put_ipv4_ack },
	{ MH_OPT_NAT,               6,   6,   4, 0,  1,             false,  /* RFC 5555 3.2.2 */
	    "NAT Detection", get_nat, put_nat },
	{ MH_OPT_IPV4_COA,          6,   6,   4, 0,  1,             false,  /* RFC 5555 3.1.2 */
	    "IPv4 Care-of Address", get_ipv4_coa, put_ipv4_coa },
	{ MH_OPT_GRE_KEY,           2,   6,   4, 0,  1,             false,  /* RFC 5845 */
	    "GRE Key", get_gre_key, put_gre_key },
	{ MH_OPT_BID,               4,  20,   8, 2,  MH_BID_MAX,    false,  /* RFC 5648 4.3 */
	    "Binding Identifier", get_bid, put_bid },
	{ MH_OPT_FLOW_SUMMARY,      2, 254,   2, 0,  1,             false,  /* RFC 6089 4.2.2 */
	    "Flow Summary", get_flow_summary, put_flow_summary },
	{ MH_OPT_FLOW_ID,           6, 255,   2, 0,  MH_FLOW_MAX,   false,  /* RFC 6089 4.2 */
	    "Flow Identification", get_flow, put_flow },
	{ MH_OPT_GROUP_ID,          6,   6,   4, 0,  1,             false,  /* RFC 6602 */
	    "Mobile Node Group Identifier", get_group, put_group },
	{ MH_OPT_DELEGATED,         6,  18,   8, 2,  1,             false,  /* RFC 7148 */
	    "Delegated Mobile Network Prefix", get_delegated, put_delegated },
	{ MH_OPT_VENDOR,            5, 255,   4, 2,  MH_VENDOR_MAX, false,  /* RFC 5094 3 */
	    "Vendor Specific", get_vendor, put_vendor },
	{ MH_OPT_AUTH,              5, 255,   4, 1,  MH_AUTH_MAX,   true,   /* RFC 4285 5 */
	    "Mobility Message Authentication", get_auth, put_auth },
	{ MH_OPT_BINDING_AUTH,     12,  12,   8, 2,  1,             false,  /* RFC 6275 6.2.7 */
	    "Binding Authorization Data", get_binding_auth, put_binding_auth },
	/* clang-format on */
};
static const size_t rows = sizeof(options) / sizeof(options[0]);

/* Row for type, or NULL when we do not know it (Pad1 and PadN included). */
static const struct option *
option_of(uint8_t type)
{
	for (size_t i = 0; i < rows; i++)
		if (options[i].type == type)
			return &options[i];
	return NULL;
}

/* ---- the walkers ---- */

/* One option, whose length octet says len and whose value is body. */
static bool
get_option(const struct option *k, struct wire_reader *body, struct mh_opts *o)
{
	if (body->len < k->min || body->len > k->max || o->n[k->type] == k->repeat)
		return false;
	k->get(body, o, o->n[k->type]++);
	return !body->bad && wire_left(body) == 0;
}

int
mh_opts_get(struct wire_reader *r, struct mh_opts *ret_opts)
{
	memset(ret_opts, 0, sizeof(*ret_opts));
	while (wire_left(r) > 0) {
		size_t start = r->pos;
		uint8_t type = wire_get_u8(r);
		uint8_t len = type == MH_OPT_PAD1 ? 0 : wire_get_u8(r);
		struct wire_reader body = { .base = wire_take(r, len), .len = len };
		const struct option *k = option_of(type);

		if (!r->bad && k && !get_option(k, &body, ret_opts))
			r->bad = true;
		if (r->bad) {
			r->pos = start;
			return -EBADMSG;
		}
	}
	return r->bad ? -EBADMSG : 0; /* what came before may have run out of octets */
}

static void
put_pad(struct wire_writer *w, size_t n)
{
	if (n == 1) {
		wire_put_u8(w, MH_OPT_PAD1);
	} else if (n > 1) {
		wire_put_u8(w, MH_OPT_PADN);
		wire_put_u8(w, (uint8_t)(n - 2));
		wire_put_zero(w, n - 2);
	}
}

/*
 * How many octets of padding an option of len octets needs at pos.
 *
 * One that closes the message is moved on by whole alignments until it ends on
 * a multiple of 8, so that nothing follows it (RFC 4285 5.1). At 4n+1 that is
 * 8n+5 for MN-HA, and there is a place for any MAC of whole 32-bit words.
 */
static size_t
padding(const struct option *k, size_t pos, size_t len)
{
	size_t least = (k->at + k->align - pos % k->align) % k->align;

	for (size_t n = least; k->closes && n < least + 8; n += k->align)
		if ((pos + n + 2 + len) % 8 == 0)
			return n;
	return least;
}

/* The value goes to a side buffer first: where the option starts depends on its length. */
static void
put_option(struct wire_writer *w, const struct option *k, const struct mh_opts *o, unsigned i)
{
	uint8_t octets[UINT8_MAX];
	struct wire_writer body = { .base = octets, .len = sizeof(octets) };

	k->put(&body, o, i);
	if (body.bad || body.pos < k->min || body.pos > k->max) {
		w->bad = true;
		return;
	}
	put_pad(w, padding(k, w->pos, body.pos));
	wire_put_u8(w, k->type);
	wire_put_u8(w, (uint8_t)body.pos);
	wire_put(w, octets, body.pos);
}

int
mh_opts_put(struct wire_writer *w, const struct mh_opts *o)
{
	for (const struct option *k = options; k < options + rows; k++) {
		if (o->n[k->type] > k->repeat)
			w->bad = true;
		for (unsigned i = 0; !w->bad && i < o->n[k->type]; i++)
			put_option(w, k, o, i);
	}
	put_pad(w, (8 - w->pos % 8) % 8);
	return w->bad ? -EMSGSIZE : 0;
}

const char *
mh_opt_name(uint8_t type)
{
	const struct option *k = option_of(type);

	return k ? k->name : NULL;
}
