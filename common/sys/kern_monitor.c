/*
 * kern_monitor.c - what the kernel tells unasked: links, addresses, and that
 * somebody removed or replaced what is ours (see kern.h, kern_int.h).
 *
 * Of routes only what can be about one of ours is heard; the rest is filtered in the
 * kernel, so that a router's full table does not wake us.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/sys/kern_link.h"

/* IFF_LOWER_UP, which only <linux/if.h> has; that cannot stand beside <net/if.h>. */
#define LINK_CARRIER (1u << 16)

#define READS_PER_WAKEUP 32
#define ROOM_OCTETS (1 << 20)
#define LOST_DELAY_S 0.05 /* a burst of reasons is one event */

void
kern_monitor_lost(struct kern *k)
{
	if (!ev_is_active(&k->monitor.lost)) {
		ev_timer_set(&k->monitor.lost, LOST_DELAY_S, 0.);
		ev_timer_start(k->loop, &k->monitor.lost);
	}
}

static void
on_lost(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct kern *k = container_of(w, struct kern, monitor.lost);
	const struct kern_event e = { .kind = KERN_LOST };

	(void)loop;
	(void)revents;
	kern_count(k, KERN_COUNT_LOST);
	kern_emit(k, &e);
}

static void
on_link(struct kern *k, struct nlmsghdr *h)
{
	const struct ifinfomsg *ifi = nlmsg_data(h);
	struct nlattr *tb[IFLA_MAX + 1];
	struct kern_event e = { .kind = KERN_LINK };
	struct kobj_tunnel ends;
	bool is_new = h->nlmsg_type == RTM_NEWLINK;

	/* Bridges speak of their ports under a family of their own. */
	if (!kern_nl_attrs(h, sizeof(*ifi), tb, IFLA_MAX) || ifi->ifi_family != AF_UNSPEC ||
	    !tb[IFLA_IFNAME])
		return;
	if (k->ops->ends_of(k, (unsigned)ifi->ifi_index, &ends)) {
		/* Somebody deleted a tunnel's device, or routes over it went with its being up. */
		if (!is_new || !kern_link_is_up(k, (unsigned)ifi->ifi_index))
			kern_monitor_lost(k);
		return;
	}
	if (tb[IFLA_IFALIAS] && kern_is_alias(nla_get_string(tb[IFLA_IFALIAS])))
		return; /* a tunnel we have just closed, or that of the other daemon */
	strncpy(e.link.name, nla_get_string(tb[IFLA_IFNAME]), KOBJ_DEV_MAX - 1);
	e.link.up = is_new && (ifi->ifi_flags & IFF_UP) && (ifi->ifi_flags & LINK_CARRIER);
	if (is_new)
		kern_mtu_all_stale(k);
	/* Routes and permanent neighbours went when it went down; they are wanted again. */
	if (is_new && (ifi->ifi_change & IFF_UP) && (ifi->ifi_flags & IFF_UP))
		kern_monitor_lost(k);
	kern_emit(k, &e);
}

static void
on_address(struct kern *k, struct nlmsghdr *h)
{
	const struct ifaddrmsg *ifa = nlmsg_data(h);
	struct nlattr *tb[IFA_MAX + 1];
	struct kern_event e = { .kind = KERN_ADDRESS };

	if (!kern_nl_attrs(h, sizeof(*ifa), tb, IFA_MAX) || ifa->ifa_family != AF_INET6)
		return;
	if (kern_attr_u8(tb[IFA_PROTO], 0) == k->opts.mark) {
		if (h->nlmsg_type != RTM_DELADDR)
			return;
		if (k->monitor.own_address_dels > 0)
			k->monitor.own_address_dels--;
		else
			kern_monitor_lost(k);
		return;
	}
	if (!kern_link_name(k, ifa->ifa_index, e.link.name))
		return; /* the link's own end says the rest */
	e.link.up = h->nlmsg_type == RTM_NEWADDR;
	kern_emit(k, &e);
}

static void
on_rule_gone(struct kern *k, struct nlmsghdr *h)
{
	struct nlattr *tb[FRA_MAX + 1];

	if (kern_nl_attrs(h, sizeof(struct fib_rule_hdr), tb, FRA_MAX) &&
	    kern_attr_u8(tb[FRA_PROTOCOL], 0) == k->opts.mark)
		kern_monitor_lost(k);
}

/* Nothing is told of the route that was there before; its key is the new one's. */
static void
on_route_replaced(struct kern *k, struct nlmsghdr *h)
{
	struct kobj o;

	if (k->opts.wanted && kern_rtnl_route_key(h, &o) && k->opts.wanted(k->opts.ctx, &o))
		kern_monitor_lost(k);
}

/* Who turns forwarding on for all links, as libvirt does, turns it on for each. */
static void
on_netconf(struct kern *k, struct nlmsghdr *h)
{
	struct nlattr *tb[NETCONFA_MAX + 1];
	struct kern_event e = { .kind = KERN_FORWARDING };
	struct kobj_tunnel ends;
	uint32_t index;

	if (!kern_nl_attrs(h, sizeof(struct netconfmsg), tb, NETCONFA_MAX) ||
	    !tb[NETCONFA_FORWARDING])
		return;
	index = kern_attr_u32(tb[NETCONFA_IFINDEX], 0); /* or NETCONFA_IFINDEX_ALL, _DEFAULT */
	if (!k->ops->ends_of(k, index, &ends) && kern_link_name(k, index, e.link.name))
		kern_emit(k, &e);
}

static void
on_message(struct kern *k, struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		on_link(k, h);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		on_address(k, h);
		break;
	case RTM_NEWNETCONF:
		on_netconf(k, h);
		break;
	case RTM_NEWROUTE:
		on_route_replaced(k, h);
		break;
	case RTM_DELROUTE: /* one of ours, says the filter */
		kern_monitor_lost(k);
		break;
	case RTM_DELRULE:
		on_rule_gone(k, h);
		break;
	default:
		break;
	}
}

static void
overflowed(struct kern *k)
{
	log_warn("kern", "netlink messages lost, reconciling", "room_octets=%d", ROOM_OCTETS);
	k->monitor.own_address_dels = 0;
	kern_mtu_all_stale(k);
	kern_monitor_lost(k);
}

static void
on_readable(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct kern *k = container_of(w, struct kern, monitor.io);
	uint8_t *buf = k->monitor.buf;

	(void)loop;
	(void)revents;
	for (int i = 0; i < READS_PER_WAKEUP; i++) {
		ssize_t n = recv(k->monitor.fd, buf, KERN_NL_BUF, MSG_TRUNC);
		int left = (int)n;

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0 || n > KERN_NL_BUF) {
			overflowed(k);
			continue;
		}
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf; nlmsg_ok(h, left);
		     h = nlmsg_next(h, &left)) {
			if (h->nlmsg_pid != k->nl.port)
				on_message(k, h);
		}
	}
}

/*
 * Of routes only the removal of one of ours, and what somebody else puts in the place of a route.
 * Offsets are those of struct nlmsghdr and, behind it, struct rtmsg. The filter loads in network
 * order what lies there in the host's: hence htons and htonl.
 */
static int
filter(struct kern *k)
{
	const uint32_t at_type = offsetof(struct nlmsghdr, nlmsg_type);
	const uint32_t at_flags = offsetof(struct nlmsghdr, nlmsg_flags);
	const uint32_t at_port = offsetof(struct nlmsghdr, nlmsg_pid);
	const uint32_t at_protocol = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at_port),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(k->nl.port), 9, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at_type),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 4, 7),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, at_flags),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htons(NLM_F_REPLACE), 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at_protocol),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k->opts.mark, 2, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, at_protocol),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k->opts.mark, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog prog = { .len = countof(code), .filter = code };

	return setsockopt(k->monitor.fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0
		   ? -errno
		   : 0;
}

int
kern_monitor_open(struct kern *k)
{
	static const int groups[] = {
		RTNLGRP_LINK,
		RTNLGRP_IPV6_IFADDR,
		RTNLGRP_IPV6_ROUTE,
		RTNLGRP_IPV6_RULE,
		RTNLGRP_IPV6_NETCONF,
	};
	const struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	struct kern_monitor *m = &k->monitor;
	const int room = ROOM_OCTETS;
	int r;

	m->buf = malloc(KERN_NL_BUF);
	if (!m->buf)
		return -ENOMEM;
	m->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (m->fd < 0)
		return -errno;
	r = filter(k);
	if (r < 0)
		return r;
	if (setsockopt(m->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
	    bind(m->fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	for (size_t i = 0; i < countof(groups); i++) {
		if (setsockopt(m->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			sizeof(groups[i])) < 0)
			return -errno;
	}
	ev_io_init(&m->io, on_readable, m->fd, EV_READ);
	ev_io_start(k->loop, &m->io);
	return 0;
}

void
kern_monitor_close(struct kern *k)
{
	struct kern_monitor *m = &k->monitor;

	ev_timer_stop(k->loop, &m->lost);
	if (m->fd >= 0) {
		ev_io_stop(k->loop, &m->io);
		close(m->fd);
	}
	m->fd = -1;
	free(m->buf);
	m->buf = NULL;
}

/* In place of a constructor: kern_close runs on a half-opened object, too. */
void
kern_monitor_init(struct kern *k)
{
	k->monitor.fd = -1;
	ev_init(&k->monitor.io, on_readable);
	ev_init(&k->monitor.lost, on_lost);
}
