/* kern_ip6tnl.c - see kern_ip6tnl.h */
#include "common/sys/kern_ip6tnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/ip6_tunnel.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/sys/kern_link.h"

#define KIND "ip6tnl"
#define NAME "hp"
#define QUEUE_PACKETS 1000
#define HOP_LIMIT 64 /* RFC 2473 6.3 */
#define CLASS_SHIFT 20
#define ECN_BITS 3
#define OWN_FLAGS 0xffff /* above are those that the kernel sets for itself */

/* What a device of ours is like: the same values are sent and compared. */
struct params {
	uint8_t hop_limit, protocol;
	uint32_t flow; /* traffic class and flow label, network order */
	uint32_t flags;
};

/*
 * No encapsulation limit of our own (RFC 2473 6.6; a packet's own is counted down all the
 * same). The ECN field comes from the inner header whatever the class says.
 */
static struct params
wanted(const struct kern *k)
{
	uint32_t class = k->opts.traffic_class & ~(uint32_t)ECN_BITS;

	return (struct params){
		.hop_limit = k->opts.hop_limit ? k->opts.hop_limit : HOP_LIMIT,
		.protocol = IPPROTO_IPV6,
		.flow = htonl(class << CLASS_SHIFT),
		.flags = IP6_TNL_F_IGN_ENCAP_LIMIT,
	};
}

static void
put_params(struct kern_req *q, const struct kobj_tunnel *ends, const struct params *p)
{
	struct nlattr *info = kern_req_nest(q, IFLA_LINKINFO), *data;

	kern_req_string(q, IFLA_INFO_KIND, KIND);
	data = kern_req_nest(q, IFLA_INFO_DATA);
	kern_req_put(q, IFLA_IPTUN_LOCAL, &ends->local, sizeof(ends->local));
	kern_req_put(q, IFLA_IPTUN_REMOTE, &ends->remote, sizeof(ends->remote));
	kern_req_u8(q, IFLA_IPTUN_TTL, p->hop_limit);
	kern_req_u8(q, IFLA_IPTUN_ENCAP_LIMIT, 0);
	kern_req_u8(q, IFLA_IPTUN_PROTO, p->protocol);
	kern_req_u32(q, IFLA_IPTUN_FLOWINFO, p->flow);
	kern_req_u32(q, IFLA_IPTUN_FLAGS, p->flags);
	kern_req_nest_end(q, data);
	kern_req_nest_end(q, info);
}

/* ---- what is there ---- */

static bool
get_params(struct nlattr *linkinfo, struct kobj_tunnel *ret_ends, struct params *ret_p)
{
	struct nlattr *info[IFLA_INFO_MAX + 1], *tb[IFLA_IPTUN_MAX + 1];

	if (!linkinfo || nla_parse_nested(info, IFLA_INFO_MAX, linkinfo, NULL) < 0 ||
	    !info[IFLA_INFO_KIND] || nla_strcmp(info[IFLA_INFO_KIND], KIND) != 0 ||
	    !info[IFLA_INFO_DATA] ||
	    nla_parse_nested(tb, IFLA_IPTUN_MAX, info[IFLA_INFO_DATA], NULL) < 0 ||
	    !kern_attr_copy(tb[IFLA_IPTUN_LOCAL], &ret_ends->local, sizeof(ret_ends->local)) ||
	    !kern_attr_copy(tb[IFLA_IPTUN_REMOTE], &ret_ends->remote, sizeof(ret_ends->remote)))
		return false;
	*ret_p = (struct params){
		.hop_limit = kern_attr_u8(tb[IFLA_IPTUN_TTL], 0),
		.protocol = kern_attr_u8(tb[IFLA_IPTUN_PROTO], 0),
		.flow = kern_attr_u32(tb[IFLA_IPTUN_FLOWINFO], 0),
		.flags = kern_attr_u32(tb[IFLA_IPTUN_FLAGS], 0) & OWN_FLAGS,
	};
	return true;
}

/*
 * The alias is ours alone. One with the group, but without an alias, was being made when
 * its maker was killed.
 */
static bool
is_ours(const struct kern *k, struct nlattr **tb, const struct kobj_tunnel *ends)
{
	char alias[KERN_ALIAS_MAX];

	if (kern_attr_u32(tb[IFLA_GROUP], 0) != k->opts.mark || !tb[IFLA_IFNAME])
		return false;
	if (tb[IFLA_IFALIAS])
		return nla_strcmp(tb[IFLA_IFALIAS], kern_alias(k, ends, alias)) == 0;
	return strncmp(nla_get_string(tb[IFLA_IFNAME]), NAME, strlen(NAME)) == 0;
}

struct each {
	struct kern *k;
	void (*fn)(void *ctx, const struct kern_ip6tnl *t);
	void *ctx;
};

static void
found_link(void *ctx, struct nlmsghdr *h)
{
	const struct each *e = ctx;
	const struct ifinfomsg *ifi = nlmsg_data(h);
	struct nlattr *tb[IFLA_MAX + 1];
	struct kern_ip6tnl t = { 0 };
	const struct params want = wanted(e->k);
	struct params p;

	if (!kern_nl_attrs(h, sizeof(*ifi), tb, IFLA_MAX) ||
	    !get_params(tb[IFLA_LINKINFO], &t.ends, &p) || !is_ours(e->k, tb, &t.ends))
		return;
	strncpy(t.dev, nla_get_string(tb[IFLA_IFNAME]), sizeof(t.dev) - 1);
	t.index = (unsigned)ifi->ifi_index;
	t.mtu = kern_attr_u32(tb[IFLA_MTU], 0);
	t.good = (ifi->ifi_flags & IFF_UP) && tb[IFLA_IFALIAS] && p.hop_limit == want.hop_limit &&
		 p.protocol == want.protocol && p.flow == want.flow && p.flags == want.flags;
	e->fn(e->ctx, &t);
}

int
kern_ip6tnl_each(struct kern *k, void (*fn)(void *ctx, const struct kern_ip6tnl *t), void *ctx)
{
	const struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct each e = { .k = k, .fn = fn, .ctx = ctx };
	struct kern_req q;

	kern_req_begin(&q, RTM_GETLINK, NLM_F_DUMP, &ifi, sizeof(ifi));
	return kern_nl_ask(&k->nl, &q, found_link, &e);
}

struct search {
	struct kobj_tunnel ends;
	struct kern_ip6tnl found;
};

static void
compare(void *ctx, const struct kern_ip6tnl *t)
{
	struct search *s = ctx;

	if (memcmp(&t->ends, &s->ends, sizeof(t->ends)) == 0)
		s->found = *t;
}

/* ---- making ---- */

/* A name of our own choice, so that the device can be found by it: the first free one. */
static void
free_name(const struct kern *k, char ret_name[static KOBJ_DEV_MAX])
{
	unsigned n = 0;

	do {
		snprintf(ret_name, KOBJ_DEV_MAX, NAME "%u", n++);
	} while (kern_link_index(k, ret_name) != 0);
}

/* -EEXIST: there is one with these ends already. */
static int
create(struct kern *k, struct kern_ip6tnl *t)
{
	const struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	const struct params p = wanted(k);
	struct kern_req q;
	int r;

	free_name(k, t->dev);
	kern_req_begin(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi));
	kern_req_string(&q, IFLA_IFNAME, t->dev);
	kern_req_u32(&q, IFLA_GROUP, k->opts.mark);
	put_params(&q, &t->ends, &p);
	r = kern_nl_ask(&k->nl, &q, NULL, NULL);
	if (r == 0)
		t->index = kern_link_index(k, t->dev);
	return r == 0 && t->index == 0 ? -ENODEV : r;
}

/* No address of its own: a tunnel has nobody to greet. */
static int
finish(struct kern *k, struct kern_ip6tnl *t)
{
	char alias[KERN_ALIAS_MAX];
	const struct kern_link_change change = {
		.alias = kern_alias(k, &t->ends, alias),
		.mtu = kern_mtu_fitting(&t->ends),
		.queue = QUEUE_PACKETS,
		.group = k->opts.mark,
		.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE,
	};
	const struct kern_link_change up = { .addr_gen_mode = -1, .up = true };
	int r;

	r = kern_link_set(k, t->index, &change);
	if (r < 0)
		return r;
	t->mtu = change.mtu;
	kern_link_quieten(k, t->dev);
	return kern_link_set(k, t->index, &up);
}

int
kern_ip6tnl_repair(struct kern *k, struct kern_ip6tnl *t)
{
	const struct ifinfomsg ifi = { .ifi_index = (int)t->index };
	const struct params p = wanted(k);
	struct kern_req q;
	int r;

	kern_req_begin(&q, RTM_NEWLINK, 0, &ifi, sizeof(ifi));
	put_params(&q, &t->ends, &p);
	r = kern_nl_ask(&k->nl, &q, NULL, NULL);
	return r < 0 ? r : finish(k, t);
}

/* One that is there although we do not know of it may still be ours: somebody renamed it. */
static int
take_over(struct kern *k, struct kern_ip6tnl *t)
{
	struct search s = { .ends = t->ends };
	int r = kern_ip6tnl_each(k, compare, &s);

	if (r == 0 && s.found.index == 0)
		r = -EBUSY;
	if (r == 0)
		*t = s.found;
	return r < 0 ? r : kern_ip6tnl_repair(k, t);
}

int
kern_ip6tnl_make(struct kern *k, const struct kobj_tunnel *ends, struct kern_ip6tnl *ret_t)
{
	struct kern_ip6tnl t = { .ends = *ends, .good = true };
	int r;

	r = create(k, &t);
	if (r == -EEXIST) {
		r = take_over(k, &t);
	} else if (r == 0) {
		r = finish(k, &t);
		if (r < 0)
			(void)kern_ip6tnl_delete(k, t.index);
	}
	if (r == 0)
		*ret_t = t;
	return r;
}

int
kern_ip6tnl_delete(struct kern *k, unsigned index)
{
	const struct ifinfomsg ifi = { .ifi_index = (int)index };
	struct kern_req q;

	kern_req_begin(&q, RTM_DELLINK, 0, &ifi, sizeof(ifi));
	return kern_nl_ask(&k->nl, &q, NULL, NULL);
}

/* ---- the rest ---- */

static void
found_stats(void *ctx, struct nlmsghdr *h)
{
	struct kern_ip6tnl_stats *out = ctx;
	struct nlattr *tb[IFLA_MAX + 1];
	struct rtnl_link_stats64 s;

	if (!kern_nl_attrs(h, sizeof(struct ifinfomsg), tb, IFLA_MAX) ||
	    !kern_attr_copy(tb[IFLA_STATS64], &s, offsetof(struct rtnl_link_stats64, rx_nohandler)))
		return;
	*out = (struct kern_ip6tnl_stats){
		.in_packets = s.rx_packets,
		.in_octets = s.rx_bytes,
		.out_packets = s.tx_packets,
		.out_octets = s.tx_bytes,
		.in_dropped = s.rx_errors + s.rx_dropped,
		.out_dropped = s.tx_dropped,
		.ecn = s.rx_frame_errors,
		.loop = s.collisions,
		.no_route = s.tx_carrier_errors,
	};
}

int
kern_ip6tnl_stats(struct kern *k, unsigned index, struct kern_ip6tnl_stats *ret_stats)
{
	const struct ifinfomsg ifi = { .ifi_index = (int)index };
	struct kern_req q;

	*ret_stats = (struct kern_ip6tnl_stats){ 0 };
	kern_req_begin(&q, RTM_GETLINK, 0, &ifi, sizeof(ifi));
	return kern_nl_ask(&k->nl, &q, found_stats, ret_stats);
}

static void
note_one(void *ctx, const struct kern_ip6tnl *t)
{
	bool *found = ctx;

	(void)t;
	*found = true;
}

/* One that is there proves it. Else between addresses of the discard prefix (RFC 6666), so that it
 * is in nobody's way. */
const char *
kern_ip6tnl_try(struct kern *k)
{
	struct kern_ip6tnl t = {
		.ends.local = { .s6_addr = { 1, [15] = 1 } },
		.ends.remote = { .s6_addr = { 1, [14] = k->opts.mark, [15] = 2 } },
	};
	bool found = false;
	int r;

	(void)kern_ip6tnl_each(k, note_one, &found);
	if (found)
		return NULL;
	r = create(k, &t);
	if (r == 0)
		(void)kern_ip6tnl_delete(k, t.index);
	return r == 0 || r == -EEXIST ? NULL : "no ip6tnl devices (ip6_tunnel)";
}

struct sweep {
	unsigned *v;
	size_t n;
	bool bad;
};

static void
note(void *ctx, const struct kern_ip6tnl *t)
{
	struct sweep *s = ctx;
	unsigned *v = reallocarray(s->v, s->n + 1, sizeof(*v));

	if (!v) {
		s->bad = true;
		return;
	}
	s->v = v;
	v[s->n++] = t->index;
}

void
kern_ip6tnl_sweep(struct kern *k)
{
	struct sweep s = { 0 };
	int r = kern_ip6tnl_each(k, note, &s);

	for (size_t i = 0; i < s.n; i++)
		r = kern_ip6tnl_delete(k, s.v[i]) < 0 ? -EBUSY : r;
	if (r < 0 || s.bad)
		log_warn("kern", "tunnels of the kernel datapath remain", "error=\"%s\"",
		    strerror(s.bad ? ENOMEM : -r));
	free(s.v);
}
