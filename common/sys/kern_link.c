/* kern_link.c - see kern_link.h; and kern.h's questions about addresses */
#include "common/sys/kern_link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/base/log.h"
#include "common/base/text.h"

#define ALIAS_WORD "homeport "

/*
 * By ioctl on our netlink socket: no message for a number, and the answer belongs to
 * the socket's network namespace whichever the process is in.
 */
unsigned
kern_link_index(const struct kern *k, const char *name)
{
	struct ifreq ifr = { 0 };

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	return ioctl(k->nl.fd, SIOCGIFINDEX, &ifr) < 0 ? 0 : (unsigned)ifr.ifr_ifindex;
}

bool
kern_link_name(const struct kern *k, unsigned index, char ret_name[static KOBJ_DEV_MAX])
{
	struct ifreq ifr = { .ifr_ifindex = (int)index };

	if (ioctl(k->nl.fd, SIOCGIFNAME, &ifr) < 0)
		return false;
	/* Padded with zeros: objects are compared with memcmp. */
	strncpy(ret_name, ifr.ifr_name, KOBJ_DEV_MAX);
	ret_name[KOBJ_DEV_MAX - 1] = '\0';
	return true;
}

const char *
kern_alias(const struct kern *k, const struct kobj_tunnel *t, char buf[static KERN_ALIAS_MAX])
{
	char local[TEXT_ADDR_MAX], remote[TEXT_ADDR_MAX];

	if (t)
		snprintf(buf, KERN_ALIAS_MAX, ALIAS_WORD "%s %s %s", k->name,
		    text_addr(&t->local, local), text_addr(&t->remote, remote));
	else
		snprintf(buf, KERN_ALIAS_MAX, ALIAS_WORD "%s spare", k->name);
	return buf;
}

bool
kern_is_alias(const char *s)
{
	return strncmp(s, ALIAS_WORD, strlen(ALIAS_WORD)) == 0;
}

static void
put_addr_gen_mode(struct kern_req *q, int mode)
{
	struct nlattr *spec = kern_req_nest(q, IFLA_AF_SPEC);
	struct nlattr *inet6 = kern_req_nest(q, AF_INET6);

	kern_req_u8(q, IFLA_INET6_ADDR_GEN_MODE, (uint8_t)mode);
	kern_req_nest_end(q, inet6);
	kern_req_nest_end(q, spec);
}

int
kern_link_set(struct kern *k, unsigned index, const struct kern_link_change *change)
{
	const struct ifinfomsg ifi = {
		.ifi_index = (int)index,
		.ifi_flags = change->up ? IFF_UP : 0,
		.ifi_change = change->up ? IFF_UP : 0,
	};
	struct kern_req q;

	kern_req_begin(&q, RTM_NEWLINK, 0, &ifi, sizeof(ifi));
	if (change->alias)
		kern_req_put(&q, IFLA_IFALIAS, change->alias, strlen(change->alias));
	if (change->mac)
		kern_req_put(&q, IFLA_ADDRESS, change->mac, sizeof(*change->mac));
	if (change->mtu != 0)
		kern_req_u32(&q, IFLA_MTU, change->mtu);
	if (change->queue != 0)
		kern_req_u32(&q, IFLA_TXQLEN, change->queue);
	if (change->group != 0)
		kern_req_u32(&q, IFLA_GROUP, change->group);
	if (change->addr_gen_mode >= 0)
		put_addr_gen_mode(&q, change->addr_gen_mode);
	return kern_nl_ask(&k->nl, &q, NULL, NULL);
}

bool
kern_link_is_up(const struct kern *k, unsigned index)
{
	struct ifreq ifr = { .ifr_ifindex = (int)index };

	return ioctl(k->nl.fd, SIOCGIFNAME, &ifr) == 0 &&
	       ioctl(k->nl.fd, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_UP);
}

/*
 * Read-only /proc/sys or a kernel without the file is no harm: a tunnel takes no
 * router advertisements anyway (no link-local packet passes), and IPv6 is on by default.
 */
void
kern_link_quieten(struct kern *k, const char *dev)
{
	static const struct {
		const char *name, *value;
	} settings[] = { { "accept_ra", "0" }, { "disable_ipv6", "0" } };
	char name[KERN_SETTING_NAME_MAX];

	for (size_t i = 0; i < countof(settings); i++) {
		int r;

		snprintf(name, sizeof(name), "sysctl net/ipv6/conf/%s/%s", dev, settings[i].name);
		r = kern_setting_set(k, name, settings[i].value);
		if (r < 0)
			log_debug("kern", "setting left as it is", "name=\"%s\" error=\"%s\"", name,
			    strerror(-r));
	}
}

static int
get_addr_gen_mode(struct nlattr *spec)
{
	struct nlattr *families[AF_MAX];
	struct nlattr *tb[IFLA_INET6_MAX + 1];

	if (!spec || nla_parse_nested(families, AF_MAX - 1, spec, NULL) < 0 ||
	    !families[AF_INET6] ||
	    nla_parse_nested(tb, IFLA_INET6_MAX, families[AF_INET6], NULL) < 0 ||
	    !tb[IFLA_INET6_ADDR_GEN_MODE])
		return -1;
	return kern_attr_u8(tb[IFLA_INET6_ADDR_GEN_MODE], 0);
}

static void
found_link(void *ctx, struct nlmsghdr *h)
{
	struct kern_link_info *info = ctx;
	struct nlattr *tb[IFLA_MAX + 1];

	if (!kern_nl_attrs(h, sizeof(struct ifinfomsg), tb, IFLA_MAX))
		return;
	(void)kern_attr_copy(tb[IFLA_ADDRESS], &info->mac, sizeof(info->mac));
	info->mtu = kern_attr_u32(tb[IFLA_MTU], 0);
	info->addr_gen_mode = get_addr_gen_mode(tb[IFLA_AF_SPEC]);
}

int
kern_link_get(struct kern *k, unsigned index, struct kern_link_info *ret_info)
{
	const struct ifinfomsg ifi = { .ifi_index = (int)index };
	struct kern_req q;

	*ret_info = (struct kern_link_info){ .addr_gen_mode = -1 };
	kern_req_begin(&q, RTM_GETLINK, 0, &ifi, sizeof(ifi));
	return kern_nl_ask(&k->nl, &q, found_link, ret_info);
}

int
kern_link_address(
    struct kern *k, unsigned index, const struct in6_addr *addr, uint8_t len, bool present)
{
	const struct ifaddrmsg ifa = {
		.ifa_family = AF_INET6,
		.ifa_prefixlen = len,
		.ifa_index = index,
	};
	struct kern_req q;
	int r;

	kern_req_begin(&q, present ? RTM_NEWADDR : RTM_DELADDR,
	    present ? NLM_F_CREATE | NLM_F_REPLACE : 0, &ifa, sizeof(ifa));
	kern_req_put(&q, IFA_LOCAL, addr, sizeof(*addr));
	if (present)
		kern_req_u32(&q, IFA_FLAGS, IFA_F_NODAD);
	r = kern_nl_ask(&k->nl, &q, NULL, NULL);
	return !present && r == -EADDRNOTAVAIL ? 0 : r;
}

struct each {
	kern_link_addr_fn *fn;
	void *ctx;
	unsigned index;
};

static void
found_address(void *ctx, struct nlmsghdr *h)
{
	struct each *e = ctx;
	const struct ifaddrmsg *ifa = nlmsg_data(h);
	struct nlattr *tb[IFA_MAX + 1];
	struct kern_link_addr a = { 0 };

	if (!kern_nl_attrs(h, sizeof(*ifa), tb, IFA_MAX) || ifa->ifa_family != AF_INET6 ||
	    (e->index != 0 && e->index != ifa->ifa_index))
		return;
	/* IFA_LOCAL is the own end of a point-to-point address, IFA_ADDRESS then the peer's. */
	if (!kern_attr_copy(
		tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS], &a.addr, sizeof(a.addr)))
		return;
	a.index = ifa->ifa_index;
	a.len = ifa->ifa_prefixlen;
	a.scope = ifa->ifa_scope;
	a.flags = kern_attr_u32(tb[IFA_FLAGS], ifa->ifa_flags);
	a.mark = kern_attr_u8(tb[IFA_PROTO], 0);
	e->fn(e->ctx, &a);
}

int
kern_link_each_address(struct kern *k, unsigned index, kern_link_addr_fn *fn, void *ctx)
{
	const struct ifaddrmsg ifa = { .ifa_family = AF_INET6, .ifa_index = index };
	struct each e = { .fn = fn, .ctx = ctx, .index = index };
	struct kern_req q;
	int r;

	kern_req_begin(&q, RTM_GETADDR, NLM_F_DUMP, &ifa, sizeof(ifa));
	r = kern_nl_ask(&k->nl, &q, found_address, &e);
	/* Changed while it was read: what was found is true, what is missing will be an event. */
	return r == -EAGAIN ? 0 : r;
}

/* ---- kern.h ---- */

struct collect {
	struct kern_address *v;
	size_t n, max;
};

static void
collect_global(void *ctx, const struct kern_link_addr *a)
{
	struct collect *c = ctx;
	struct kern_address *out;

	if (a->scope != RT_SCOPE_UNIVERSE || c->n == c->max)
		return;
	out = &c->v[c->n++];
	*out = (struct kern_address){
		.addr = a->addr,
		.len = a->len,
		.tentative = a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED),
		.deprecated = a->flags & IFA_F_DEPRECATED,
		.temporary = a->flags & IFA_F_TEMPORARY,
		.permanent = a->flags & IFA_F_PERMANENT,
	};
}

int
kern_addresses(struct kern *k, const char *dev, struct kern_address *ret_v, size_t max)
{
	struct collect c = { .v = ret_v, .max = max };
	unsigned index = kern_link_index(k, dev);
	int r;

	if (index == 0)
		return -ENODEV;
	r = kern_link_each_address(k, index, collect_global, &c);
	return r < 0 ? r : (int)c.n;
}

static void
collect_linklocal(void *ctx, const struct kern_link_addr *a)
{
	if (a->scope == RT_SCOPE_LINK && !(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
		*(struct in6_addr *)ctx = a->addr;
}

int
kern_linklocal(struct kern *k, const char *dev, struct in6_addr *ret_addr)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;
	unsigned index = kern_link_index(k, dev);
	int r;

	if (index == 0)
		return -ENODEV;
	r = kern_link_each_address(k, index, collect_linklocal, &a);
	if (r == 0 && ip6_is_any(&a))
		r = -ENOENT;
	if (r == 0)
		*ret_addr = a;
	return r;
}

/* One lookup in the kernel's hash, tentative addresses included; not a walk of them all. */
bool
kern_is_own(struct kern *k, const struct in6_addr *addr)
{
	const struct ifaddrmsg ifa = { .ifa_family = AF_INET6 };
	struct kern_req q;

	kern_req_begin(&q, RTM_GETADDR, 0, &ifa, sizeof(ifa));
	kern_req_put(&q, IFA_LOCAL, addr, sizeof(*addr));
	return kern_nl_ask(&k->nl, &q, NULL, NULL) == 0;
}
