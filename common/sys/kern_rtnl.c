/*
 * kern_rtnl.c - kernel objects to and from rtnetlink messages (see kern.h, kern_int.h).
 *
 * Per kind: set, clear, and what a dump's message means. Ours are told from others'
 * by the protocol number that each kind carries: RTA_PROTOCOL's header field,
 * FRA_PROTOCOL, IFA_PROTO (Linux 5.18), NDA_PROTOCOL (5.2).
 */
#include "common/sys/kern_int.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define DUMP_TRIES 5 /* a table that changes under our reading is read again */

/* The device of a route or rule. 0 or -ENODEV; KOBJ_DEV_NONE is index 0. */
static int
dev_index(const struct kern *k, const struct kobj_dev *dev, unsigned *ret_index)
{
	unsigned index = 0;

	switch (dev->kind) {
	case KOBJ_DEV_NONE:
		*ret_index = 0;
		return 0;
	case KOBJ_DEV_LINK:
		index = kern_link_index(k, dev->link);
		break;
	case KOBJ_DEV_TUNNEL:
		index = k->ops->index_of(k, &dev->tunnel);
		break;
	}
	if (index == 0)
		return -ENODEV;
	*ret_index = index;
	return 0;
}

/* The other way; a device that is gone by now is KOBJ_DEV_NONE. */
static struct kobj_dev
dev_of(const struct kern *k, unsigned index)
{
	struct kobj_tunnel ends;
	char name[KOBJ_DEV_MAX];

	if (index != 0 && k->ops->ends_of(k, index, &ends))
		return kobj_tunnel_dev(&ends);
	if (index != 0 && kern_link_name(k, index, name))
		return kobj_link(name);
	return (struct kobj_dev){ 0 };
}

/* ---- addresses ---- */

/*
 * A /128 without DAD and without a prefix route. Deprecated from the start, so that
 * the host never picks it as the source of its own traffic, whatever `home` makes
 * RFC 6724's rule 4 say: rule 3 comes first.
 */
static void
address_begin(struct kern_req *q, int type, int flags, unsigned index, const struct in6_addr *addr)
{
	const struct ifaddrmsg ifa = {
		.ifa_family = AF_INET6,
		.ifa_prefixlen = 128,
		.ifa_index = index,
	};

	kern_req_begin(q, type, flags, &ifa, sizeof(ifa));
	kern_req_put(q, IFA_LOCAL, addr, sizeof(*addr));
}

static int
address_set(struct kern *k, const struct kobj_address *a, unsigned index)
{
	const struct ifa_cacheinfo lifetimes = { .ifa_prefered = 0, .ifa_valid = UINT32_MAX };
	uint32_t flags = IFA_F_NODAD | IFA_F_NOPREFIXROUTE | (a->home ? IFA_F_HOMEADDRESS : 0u);
	struct kern_req q;

	address_begin(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, &a->addr);
	kern_req_u32(&q, IFA_FLAGS, flags);
	kern_req_u8(&q, IFA_PROTO, k->opts.mark);
	kern_req_put(&q, IFA_CACHEINFO, &lifetimes, sizeof(lifetimes));
	return kern_nl_ask(&k->nl, &q, NULL, NULL);
}

static int
address_clear(struct kern *k, const struct kobj_address *a, unsigned index)
{
	struct kern_req q;
	int r;

	address_begin(&q, RTM_DELADDR, 0, index, &a->addr);
	r = kern_nl_ask(&k->nl, &q, NULL, NULL);
	if (r == 0)
		k->monitor.own_address_dels++;
	return r;
}

/* ---- neighbours and proxies ---- */

static void
neighbour_begin(struct kern *k, struct kern_req *q, int type, const struct ndmsg *nd,
    const struct in6_addr *addr)
{
	bool creates = type == RTM_NEWNEIGH;

	kern_req_begin(q, type, creates ? NLM_F_CREATE | NLM_F_REPLACE : 0, nd, sizeof(*nd));
	kern_req_put(q, NDA_DST, addr, sizeof(*addr));
	if (creates)
		kern_req_u8(q, NDA_PROTOCOL, k->opts.mark);
}

static int
neighbour_set(struct kern *k, const struct kobj_neighbour *n, unsigned index)
{
	const struct ndmsg nd = {
		.ndm_family = AF_INET6,
		.ndm_ifindex = (int)index,
		.ndm_state = NUD_PERMANENT,
	};
	struct kern_req q;

	neighbour_begin(k, &q, RTM_NEWNEIGH, &nd, &n->addr);
	kern_req_put(&q, NDA_LLADDR, &n->mac, sizeof(n->mac));
	return kern_nl_ask(&k->nl, &q, NULL, NULL);
}

static int
neighbour_clear(struct kern *k, const struct in6_addr *addr, unsigned index, bool proxy)
{
	const struct ndmsg nd = {
		.ndm_family = AF_INET6,
		.ndm_ifindex = (int)index,
		.ndm_flags = proxy ? NTF_PROXY : 0,
	};
	struct kern_req q;

	neighbour_begin(k, &q, RTM_DELNEIGH, &nd, addr);
	return kern_nl_ask(&k->nl, &q, NULL, NULL);
}

static int
proxy_set(struct kern *k, const struct kobj_proxy *p, unsigned index)
{
	const struct ndmsg nd = {
		.ndm_family = AF_INET6,
		.ndm_ifindex = (int)index,
		.ndm_state = NUD_PERMANENT,
		.ndm_flags = NTF_PROXY,
	};
	struct kern_req q;

	neighbour_begin(k, &q, RTM_NEWNEIGH, &nd, &p->addr);
	return kern_nl_ask(&k->nl, &q, NULL, NULL);
}

/* ---- routes ---- */

static const uint8_t rtn_of_type[] = {
	[KOBJ_UNICAST] = RTN_UNICAST,
	[KOBJ_UNREACHABLE] = RTN_UNREACHABLE,
	[KOBJ_BLACKHOLE] = RTN_BLACKHOLE,
};

/* The key of a route; our mark is part of it, so that others' are never touched. */
static void
route_begin(struct kern *k, struct kern_req *q, int type, int flags, const struct kobj_route *o)
{
	const struct rtmsg rt = {
		.rtm_family = AF_INET6,
		.rtm_dst_len = o->dst.len,
		.rtm_protocol = k->opts.mark,
		.rtm_type = type == RTM_NEWROUTE ? rtn_of_type[o->type] : RTN_UNSPEC,
	};

	kern_req_begin(q, type, flags, &rt, sizeof(rt));
	kern_req_u32(q, RTA_TABLE, o->table);
	kern_req_put(q, RTA_DST, &o->dst.addr, sizeof(o->dst.addr));
	kern_req_u32(q, RTA_PRIORITY, o->metric);
}

/*
 * One message moves a route between devices and types: NLM_F_REPLACE at the same
 * metric (requirement X-05). Tried on 6.18: unicast, unreachable and blackhole, with
 * and without a gateway, replace each other in every direction.
 */
static int
route_set(struct kern *k, const struct kobj_route *o)
{
	struct kern_req q;
	unsigned index;
	int r;

	r = dev_index(k, &o->dev, &index);
	if (r < 0)
		return r;
	route_begin(k, &q, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, o);
	if (o->type == KOBJ_UNICAST) {
		kern_req_u32(&q, RTA_OIF, index);
		if (!ip6_is_any(&o->via))
			kern_req_put(&q, RTA_GATEWAY, &o->via, sizeof(o->via));
	}
	if (o->mtu != 0) {
		struct nlattr *metrics = kern_req_nest(&q, RTA_METRICS);

		kern_req_u32(&q, RTAX_MTU, o->mtu);
		kern_req_nest_end(&q, metrics);
	}
	return kern_nl_ask(&k->nl, &q, NULL, NULL);
}

static int
route_clear(struct kern *k, const struct kobj_route *o)
{
	struct kern_req q;

	route_begin(k, &q, RTM_DELROUTE, 0, o);
	return kern_nl_ask(&k->nl, &q, NULL, NULL);
}

/* ---- rules ---- */

/* -ENODEV if the rule's link does not exist: rules name links, they do not need them. */
static int
rule_iif(const struct kern *k, const struct kobj_dev *iif, char ret_name[static KOBJ_DEV_MAX])
{
	unsigned index;
	int r;

	memset(ret_name, 0, KOBJ_DEV_MAX);
	if (iif->kind == KOBJ_DEV_LINK) {
		memcpy(ret_name, iif->link, KOBJ_DEV_MAX);
		return 0;
	}
	r = dev_index(k, iif, &index);
	if (r == 0 && index != 0 && !kern_link_name(k, index, ret_name))
		return -ENODEV;
	return r;
}

static int
rule_send(struct kern *k, const struct kobj_rule *o, int type, int flags)
{
	const struct fib_rule_hdr rule = {
		.family = AF_INET6,
		.src_len = o->from.len,
		.action = FR_ACT_TO_TBL,
	};
	char iif[KOBJ_DEV_MAX];
	struct kern_req q;
	int r;

	r = rule_iif(k, &o->iif, iif);
	if (r < 0)
		return r;
	kern_req_begin(&q, type, flags, &rule, sizeof(rule));
	kern_req_u32(&q, FRA_PRIORITY, o->priority);
	kern_req_u32(&q, FRA_TABLE, o->table);
	kern_req_u8(&q, FRA_PROTOCOL, k->opts.mark);
	if (o->from.len > 0)
		kern_req_put(&q, FRA_SRC, &o->from.addr, sizeof(o->from.addr));
	if (iif[0])
		kern_req_string(&q, FRA_IIFNAME, iif);
	return kern_nl_ask(&k->nl, &q, NULL, NULL);
}

/*
 * A rule that lost its link is found by the link's name alone. If a tunnel made since bears that
 * name, the rule is the tunnel's, and no stray.
 */
static bool
is_tunnels(const struct kern *k, const struct kobj_rule *o)
{
	return o->iif.kind == KOBJ_DEV_LINK &&
	       dev_of(k, kern_link_index(k, o->iif.link)).kind == KOBJ_DEV_TUNNEL;
}

static int
rule_clear(struct kern *k, const struct kobj_rule *o)
{
	if (is_tunnels(k, o))
		return 0;
	return rule_send(k, o, RTM_DELRULE, 0);
}

/* ---- dumps ---- */

struct dump {
	struct kern *k;
	struct plan *found;
	bool proxies;
};

static void
found_address(void *ctx, struct nlmsghdr *h)
{
	struct dump *d = ctx;
	const struct ifaddrmsg *ifa = nlmsg_data(h);
	struct nlattr *tb[IFA_MAX + 1];
	struct kobj o = { .kind = KOBJ_ADDRESS };

	if (!kern_nl_attrs(h, sizeof(*ifa), tb, IFA_MAX) || ifa->ifa_family != AF_INET6 ||
	    kern_attr_u8(tb[IFA_PROTO], 0) != d->k->opts.mark || ifa->ifa_prefixlen != 128 ||
	    !kern_attr_copy(tb[IFA_ADDRESS], &o.address.addr, sizeof(o.address.addr)) ||
	    !kern_link_name(d->k, ifa->ifa_index, o.address.dev))
		return;
	o.address.home = kern_attr_u32(tb[IFA_FLAGS], ifa->ifa_flags) & IFA_F_HOMEADDRESS;
	plan_add(d->found, &o);
}

static void
found_neighbour(void *ctx, struct nlmsghdr *h)
{
	struct dump *d = ctx;
	const struct ndmsg *nd = nlmsg_data(h);
	struct nlattr *tb[NDA_MAX + 1];
	struct kobj o = { .kind = d->proxies ? KOBJ_PROXY : KOBJ_NEIGHBOUR };
	struct in6_addr addr;
	char dev[KOBJ_DEV_MAX];

	if (!kern_nl_attrs(h, sizeof(*nd), tb, NDA_MAX) || nd->ndm_family != AF_INET6 ||
	    kern_attr_u8(tb[NDA_PROTOCOL], 0) != d->k->opts.mark ||
	    d->proxies != ((nd->ndm_flags & NTF_PROXY) != 0) ||
	    !kern_attr_copy(tb[NDA_DST], &addr, sizeof(addr)) ||
	    !kern_link_name(d->k, (unsigned)nd->ndm_ifindex, dev))
		return;
	if (d->proxies) {
		o.proxy.addr = addr;
		memcpy(o.proxy.dev, dev, sizeof(dev));
	} else {
		o.neighbour.addr = addr;
		memcpy(o.neighbour.dev, dev, sizeof(dev));
		(void)kern_attr_copy(tb[NDA_LLADDR], &o.neighbour.mac, sizeof(o.neighbour.mac));
	}
	plan_add(d->found, &o);
}

static bool
type_of_rtn(uint8_t rtn, enum kobj_route_type *ret_type)
{
	for (size_t i = 0; i < countof(rtn_of_type); i++) {
		if (rtn_of_type[i] != rtn)
			continue;
		*ret_type = (enum kobj_route_type)i;
		return true;
	}
	return false;
}

static uint32_t
route_mtu(struct nlattr *metrics)
{
	struct nlattr *tb[RTAX_MAX + 1];

	if (!metrics || nla_parse_nested(tb, RTAX_MAX, metrics, NULL) < 0)
		return 0;
	return kern_attr_u32(tb[RTAX_MTU], 0);
}

static void
route_key(const struct rtmsg *rt, struct nlattr **tb, struct kobj_route *ret_route)
{
	ret_route->table = kern_attr_u32(tb[RTA_TABLE], rt->rtm_table);
	ret_route->metric = kern_attr_u32(tb[RTA_PRIORITY], 0);
	ret_route->dst.len = rt->rtm_dst_len;
	(void)kern_attr_copy(tb[RTA_DST], &ret_route->dst.addr, sizeof(ret_route->dst.addr));
}

bool
kern_rtnl_route_key(struct nlmsghdr *h, struct kobj *ret_o)
{
	const struct rtmsg *rt = nlmsg_data(h);
	struct nlattr *tb[RTA_MAX + 1];

	if (!kern_nl_attrs(h, sizeof(*rt), tb, RTA_MAX) || rt->rtm_family != AF_INET6)
		return false;
	*ret_o = (struct kobj){ .kind = KOBJ_ROUTE };
	route_key(rt, tb, &ret_o->route);
	return true;
}

static void
found_route(void *ctx, struct nlmsghdr *h)
{
	struct dump *d = ctx;
	const struct rtmsg *rt = nlmsg_data(h);
	struct nlattr *tb[RTA_MAX + 1];
	struct kobj o = { .kind = KOBJ_ROUTE };
	struct kobj_route *route = &o.route;

	if (!kern_nl_attrs(h, sizeof(*rt), tb, RTA_MAX) || rt->rtm_family != AF_INET6 ||
	    rt->rtm_protocol != d->k->opts.mark || !type_of_rtn(rt->rtm_type, &route->type))
		return;
	route_key(rt, tb, route);
	if (route->type == KOBJ_UNICAST) {
		route->dev = dev_of(d->k, kern_attr_u32(tb[RTA_OIF], 0));
		(void)kern_attr_copy(tb[RTA_GATEWAY], &route->via, sizeof(route->via));
	}
	route->mtu = route_mtu(tb[RTA_METRICS]);
	plan_add(d->found, &o);
}

static void
found_rule(void *ctx, struct nlmsghdr *h)
{
	struct dump *d = ctx;
	const struct fib_rule_hdr *rule = nlmsg_data(h);
	struct nlattr *tb[FRA_MAX + 1];
	struct kobj o = { .kind = KOBJ_RULE };

	if (!kern_nl_attrs(h, sizeof(*rule), tb, FRA_MAX) || rule->family != AF_INET6 ||
	    kern_attr_u8(tb[FRA_PROTOCOL], 0) != d->k->opts.mark)
		return;
	o.rule.priority = kern_attr_u32(tb[FRA_PRIORITY], 0);
	o.rule.table = kern_attr_u32(tb[FRA_TABLE], rule->table);
	o.rule.from.len = rule->src_len;
	(void)kern_attr_copy(tb[FRA_SRC], &o.rule.from.addr, sizeof(o.rule.from.addr));
	if (tb[FRA_IIFNAME]) {
		const char *name = nla_get_string(tb[FRA_IIFNAME]);

		o.rule.iif = dev_of(d->k, kern_link_index(d->k, name));
		/* Rules outlive their links: then the name is all there is. */
		if (o.rule.iif.kind == KOBJ_DEV_NONE)
			o.rule.iif = kobj_link(name);
	}
	plan_add(d->found, &o);
}

static int
dump_addresses(struct dump *d)
{
	const struct ifaddrmsg ifa = { .ifa_family = AF_INET6 };
	struct kern_req q;

	kern_req_begin(&q, RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa));
	return kern_nl_ask(&d->k->nl, &q, found_address, d);
}

static int
dump_neighbours(struct dump *d)
{
	const struct ndmsg nd = { .ndm_family = AF_INET6 };
	struct kern_req q;

	d->proxies = false;
	kern_req_begin(&q, RTM_GETNEIGH, NLM_F_DUMP, &nd, sizeof(nd));
	return kern_nl_ask(&d->k->nl, &q, found_neighbour, d);
}

static int
dump_proxies(struct dump *d)
{
	const struct ndmsg nd = { .ndm_family = AF_INET6, .ndm_flags = NTF_PROXY };
	struct kern_req q;

	d->proxies = true;
	kern_req_begin(&q, RTM_GETNEIGH, NLM_F_DUMP, &nd, sizeof(nd));
	return kern_nl_ask(&d->k->nl, &q, found_neighbour, d);
}

/* The strict check makes the kernel leave out what is not ours: cheap beside a full table. */
static int
dump_routes(struct dump *d)
{
	const struct rtmsg rt = { .rtm_family = AF_INET6, .rtm_protocol = d->k->opts.mark };
	struct kern_req q;

	kern_req_begin(&q, RTM_GETROUTE, NLM_F_DUMP, &rt, sizeof(rt));
	return kern_nl_ask(&d->k->nl, &q, found_route, d);
}

static int
dump_rules(struct dump *d)
{
	const struct fib_rule_hdr rule = { .family = AF_INET6 };
	struct kern_req q;

	kern_req_begin(&q, RTM_GETRULE, NLM_F_DUMP, &rule, sizeof(rule));
	return kern_nl_ask(&d->k->nl, &q, found_rule, d);
}

/* A dump that was disturbed is taken back and read again. */
static int
dump_steadily(struct dump *d, int (*dump)(struct dump *d))
{
	size_t before = d->found->n;
	int r = -EAGAIN;

	for (int i = 0; i < DUMP_TRIES && r == -EAGAIN; i++) {
		d->found->n = before;
		r = dump(d);
	}
	return r;
}

int
kern_rtnl_dump(struct kern *k, struct plan *ret_found)
{
	static int (*const dumps[])(struct dump * d) = {
		dump_addresses,
		dump_neighbours,
		dump_proxies,
		dump_routes,
		dump_rules,
	};
	struct dump d = { .k = k, .found = ret_found };

	for (size_t i = 0; i < countof(dumps); i++) {
		int r = dump_steadily(&d, dumps[i]);

		if (r < 0)
			return r;
	}
	return ret_found->bad ? -ENOMEM : 0;
}

/*
 * A rule cannot be replaced: the new one goes in first, then the one with the same
 * key and another table out, so there is never none.
 */
static int
rule_set(struct kern *k, const struct kobj_rule *o)
{
	const struct kobj wanted = { .kind = KOBJ_RULE, .rule = *o };
	struct plan rules = { 0 };
	struct dump d = { .k = k, .found = &rules };
	int r;

	r = rule_send(k, o, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
	if (r < 0)
		return r == -EEXIST ? 0 : r;
	r = dump_steadily(&d, dump_rules);
	for (size_t i = 0; r == 0 && i < rules.n; i++) {
		if (kobj_same_key(&rules.v[i], &wanted) && rules.v[i].rule.table != o->table)
			r = rule_clear(k, &rules.v[i].rule);
	}
	plan_done(&rules);
	return r;
}

/* ---- by kind ---- */

int
kern_rtnl_set(struct kern *k, const struct kobj *o)
{
	unsigned index;

	switch (o->kind) {
	case KOBJ_ADDRESS:
		index = kern_link_index(k, o->address.dev);
		return index ? address_set(k, &o->address, index) : -ENODEV;
	case KOBJ_NEIGHBOUR:
		index = kern_link_index(k, o->neighbour.dev);
		return index ? neighbour_set(k, &o->neighbour, index) : -ENODEV;
	case KOBJ_PROXY:
		index = kern_link_index(k, o->proxy.dev);
		return index ? proxy_set(k, &o->proxy, index) : -ENODEV;
	case KOBJ_ROUTE:
		return route_set(k, &o->route);
	case KOBJ_RULE:
		return rule_set(k, &o->rule);
	case KOBJ_TUNNEL:
	case KOBJ_PASS:
	case KOBJ_KINDS:
		break;
	}
	return -EINVAL;
}

/* What stood on a link that is gone went with it. */
int
kern_rtnl_clear(struct kern *k, const struct kobj *o)
{
	unsigned index;

	switch (o->kind) {
	case KOBJ_ADDRESS:
		index = kern_link_index(k, o->address.dev);
		return index ? address_clear(k, &o->address, index) : 0;
	case KOBJ_NEIGHBOUR:
		index = kern_link_index(k, o->neighbour.dev);
		return index ? neighbour_clear(k, &o->neighbour.addr, index, false) : 0;
	case KOBJ_PROXY:
		index = kern_link_index(k, o->proxy.dev);
		return index ? neighbour_clear(k, &o->proxy.addr, index, true) : 0;
	case KOBJ_ROUTE:
		return route_clear(k, &o->route);
	case KOBJ_RULE:
		return rule_clear(k, &o->rule);
	case KOBJ_TUNNEL:
	case KOBJ_PASS:
	case KOBJ_KINDS:
		break;
	}
	return -EINVAL;
}
