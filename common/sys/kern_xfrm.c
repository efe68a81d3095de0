/*
 * kern_xfrm.c - see kern_xfrm.h
 *
 * A kernel with Mobile IPv6 drops a Home Address option or a type 2 routing header unless
 * a state says that it may come, and what it came with unless a policy says so. One state
 * for each of the two headers, for any address (`wildrecv`), and policies that let both
 * come with protocols 135 and 58 and require neither: tried on 6.1, without the states or
 * the protocol's policy the packet ends in XfrmInNoStates or XfrmInNoPols. What the
 * addresses mean is decided by the daemons, and Home Address options in front of anything
 * else stay shut out. The filter keeps all ICMPv6 but prefix solicitations and
 * advertisements away from these policies (kern_kernel.c): 6.1 looks for the message's type
 * in the wrong place when an extension header stands in front, so they cannot tell.
 *
 * They name no address and are the same for mrd and had, so two daemons in one network
 * namespace share them. Whoever finds them gone makes them again: an `ip xfrm policy
 * flush`, or the other daemon's clean stop.
 *
 * libnl's core, as for routes (kern_nl.h): its xfrm library knows neither `wildrecv` nor
 * policies of type sub.
 */
#include "common/sys/kern_xfrm.h"

#include <errno.h>
#include <linux/xfrm.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"

#define ROUTING IPPROTO_ROUTING	     /* route2, in ip-xfrm's words */
#define HOME_ADDRESS IPPROTO_DSTOPTS /* hao */

static const uint8_t protocols[] = { HOME_ADDRESS, ROUTING };
static const uint8_t uppers[] = { IP6_MH, IP6_ICMP6 };

static const struct xfrm_lifetime_cfg for_ever = {
	.soft_byte_limit = XFRM_INF,
	.hard_byte_limit = XFRM_INF,
	.soft_packet_limit = XFRM_INF,
	.hard_packet_limit = XFRM_INF,
};

/* From any address to `to`, with any care-of address; to is :: but for a trial. */
static int
state_set(struct kern_nl *nl, uint8_t protocol, const struct in6_addr *to)
{
	struct xfrm_usersa_info info = {
		.id = { .proto = protocol },
		.lft = for_ever,
		.family = AF_INET6,
		.mode = XFRM_MODE_ROUTEOPTIMIZATION,
		.flags = XFRM_STATE_WILDRECV,
	};
	const xfrm_address_t careof = { 0 };
	struct kern_req q;

	memcpy(&info.id.daddr, to, sizeof(*to));
	kern_req_begin(&q, XFRM_MSG_NEWSA, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	kern_req_put(&q, XFRMA_COADDR, &careof, sizeof(careof));
	return kern_nl_ask(nl, &q, NULL, NULL);
}

static int
state_clear(struct kern_nl *nl, uint8_t protocol, const struct in6_addr *to)
{
	struct xfrm_usersa_id id = { .family = AF_INET6, .proto = protocol };
	const xfrm_address_t from = { 0 };
	struct kern_req q;

	memcpy(&id.daddr, to, sizeof(*to));
	kern_req_begin(&q, XFRM_MSG_DELSA, 0, &id, sizeof(id));
	kern_req_put(&q, XFRMA_SRCADDR, &from, sizeof(from));
	return kern_nl_ask(nl, &q, NULL, NULL);
}

/* Type sub: beside whatever IPsec policies of the main type there are. */
static struct xfrm_selector
select_to(const struct in6_addr *to, uint8_t upper)
{
	struct xfrm_selector s = { .family = AF_INET6, .proto = upper };

	memcpy(&s.daddr, to, sizeof(*to));
	s.prefixlen_d = ip6_is_any(to) ? 0 : 128;
	return s;
}

static int
policy_set(struct kern_nl *nl, const struct in6_addr *to, uint8_t upper)
{
	const struct xfrm_userpolicy_info info = {
		.sel = select_to(to, upper),
		.lft = for_ever,
		.dir = XFRM_POLICY_IN,
		.action = XFRM_POLICY_ALLOW,
		.share = XFRM_SHARE_ANY,
	};
	const struct xfrm_userpolicy_type type = { .type = XFRM_POLICY_TYPE_SUB };
	struct xfrm_user_tmpl templates[countof(protocols)];
	struct kern_req q;

	for (size_t i = 0; i < countof(protocols); i++)
		templates[i] = (struct xfrm_user_tmpl){
			.id = { .proto = protocols[i] },
			.family = AF_INET6,
			.mode = XFRM_MODE_ROUTEOPTIMIZATION,
			.optional = 1,
			.aalgos = UINT32_MAX,
			.ealgos = UINT32_MAX,
			.calgos = UINT32_MAX,
		};
	kern_req_begin(&q, XFRM_MSG_NEWPOLICY, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	kern_req_put(&q, XFRMA_POLICY_TYPE, &type, sizeof(type));
	kern_req_put(&q, XFRMA_TMPL, templates, sizeof(templates));
	return kern_nl_ask(nl, &q, NULL, NULL);
}

static int
policy_clear(struct kern_nl *nl, const struct in6_addr *to, uint8_t upper)
{
	const struct xfrm_userpolicy_id id = { .sel = select_to(to, upper), .dir = XFRM_POLICY_IN };
	const struct xfrm_userpolicy_type type = { .type = XFRM_POLICY_TYPE_SUB };
	struct kern_req q;

	kern_req_begin(&q, XFRM_MSG_DELPOLICY, 0, &id, sizeof(id));
	kern_req_put(&q, XFRMA_POLICY_TYPE, &type, sizeof(type));
	return kern_nl_ask(nl, &q, NULL, NULL);
}

static int
set_all(struct kern_nl *nl, const struct in6_addr *to)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < countof(protocols); i++) {
		r = state_set(nl, protocols[i], to);
		if (r == -EEXIST)
			r = 0;
	}
	for (size_t i = 0; r == 0 && i < countof(uppers); i++) {
		r = policy_set(nl, to, uppers[i]);
		if (r == -EEXIST)
			r = 0;
	}
	return r;
}

static void
clear_all(struct kern_nl *nl, const struct in6_addr *to)
{
	for (size_t i = 0; i < countof(uppers); i++)
		(void)policy_clear(nl, to, uppers[i]); /* what is not there need not go */
	for (size_t i = 0; i < countof(protocols); i++)
		(void)state_clear(nl, protocols[i], to);
}

/* To an address of the discard prefix (RFC 6666). */
const char *
kern_xfrm_try(void)
{
	const struct in6_addr nowhere = { .s6_addr = { 1, [15] = 1 } };
	struct kern_nl nl = { .fd = -1 };
	const char *lacking = NULL;
	int r;

	r = kern_nl_open(&nl, NETLINK_XFRM);
	if (r == 0)
		r = set_all(&nl, &nowhere);
	if (r < 0)
		lacking = "no Home Address states or sub policies in XFRM (mip6, XFRM_SUB_POLICY)";
	if (nl.fd >= 0)
		clear_all(&nl, &nowhere);
	kern_nl_close(&nl);
	return lacking;
}

static bool
is_removal(int type)
{
	return type == XFRM_MSG_DELSA || type == XFRM_MSG_FLUSHSA || type == XFRM_MSG_DELPOLICY ||
	       type == XFRM_MSG_FLUSHPOLICY;
}

/* Something was removed, ours or not: four requests tell, and put it back. */
static void
on_news(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct kern_xfrm *x = container_of(w, struct kern_xfrm, io);
	const struct in6_addr any = IN6ADDR_ANY_INIT;
	uint8_t *buf = x->nl.buf;
	bool removed = false;
	int r;

	(void)loop;
	(void)revents;
	for (;;) {
		ssize_t n = recv(x->news, buf, KERN_NL_BUF, MSG_DONTWAIT);
		int left = (int)n;

		if (n < 0 && errno == ENOBUFS) {
			removed = true;
			continue;
		}
		if (n < 0)
			break;
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf; nlmsg_ok(h, left);
		     h = nlmsg_next(h, &left))
			removed = removed || is_removal(h->nlmsg_type);
	}
	if (!removed)
		return;
	r = set_all(&x->nl, &any);
	if (r < 0)
		log_err("kern", "cannot put XFRM states back", "error=\"%s\"", strerror(-r));
}

static int
open_news(struct kern_xfrm *x)
{
	const struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = XFRMGRP_SA | XFRMGRP_POLICY,
	};

	x->news = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_XFRM);
	if (x->news < 0 || bind(x->news, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	ev_io_init(&x->io, on_news, x->news, EV_READ);
	ev_io_start(x->k->loop, &x->io);
	return 0;
}

int
kern_xfrm_open(struct kern_xfrm *x, struct kern *k)
{
	const struct in6_addr any = IN6ADDR_ANY_INIT;
	int r;

	*x = (struct kern_xfrm){ .k = k, .nl.fd = -1, .news = -1 };
	ev_init(&x->io, on_news);
	r = kern_nl_open(&x->nl, NETLINK_XFRM);
	if (r == 0)
		r = open_news(x);
	return r < 0 ? r : set_all(&x->nl, &any);
}

void
kern_xfrm_close(struct kern_xfrm *x, bool remove)
{
	const struct in6_addr any = IN6ADDR_ANY_INIT;

	ev_io_stop(x->k->loop, &x->io);
	if (x->news >= 0)
		close(x->news);
	x->news = -1;
	if (remove && x->nl.fd >= 0)
		clear_all(&x->nl, &any);
	kern_nl_close(&x->nl);
}
