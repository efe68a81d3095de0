/*
 * kern_tun_error.c - the portable datapath: ICMPv6 errors from inside tunnels (see kern_tun.h).
 *
 * Source: RFC 2473 8, RFC 6275 9.3.4 (requirement T-07), RFC 4443 2.4.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h> /* needs struct timespec, and does not say so */

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sys/kern_tun.h"
#include "common/sys/tunnel.h"
#include "common/wire/icmp6.h"

#define ERRORS_PER_WAKEUP 16
#define ERRORS_PER_S 50. /* to all sources together */
#define ERRORS_BURST 20.

static bool
may_send_error(struct portable *dp)
{
	double now = ev_now(dp->k->loop);

	dp->errors_left += (now - dp->errors_at) * ERRORS_PER_S;
	dp->errors_at = now;
	if (dp->errors_left > ERRORS_BURST || dp->errors_left < 0) /* clocks may be set back */
		dp->errors_left = ERRORS_BURST;
	if (dp->errors_left < 1)
		return false;
	dp->errors_left -= 1;
	return true;
}

void
tun_answer(struct tun *t, const struct tunnel_error *error, const uint8_t *p, size_t n)
{
	struct kern *k = t->dp->k;
	const struct icmp6_error e = {
		.type = error->type,
		.code = error->code,
		.value = error->value,
		.invoking = p,
		.invoking_len = n,
	};
	uint8_t octets[IP6_MIN_MTU];
	struct wire_writer w = { .base = octets, .len = sizeof(octets) };
	struct ip6_icmp6_out out = { .src = t->ends.local, .icmp6 = octets };

	if (!tunnel_may_answer(p, n))
		return;
	if (!may_send_error(t->dp)) {
		kern_count(k, KERN_COUNT_ERROR_SUPPRESSED);
		return;
	}
	out.dst = tunnel_source(p);
	if (icmp6_error_put(&w, &e, &out.src, &out.dst) < 0)
		return;
	out.icmp6_len = w.pos;
	if (kern_icmp6_send(k, &out) == 0)
		kern_count(k, KERN_COUNT_ERROR_RELAYED);
}

static void
on_error(struct tun_endpoint *e, const struct in6_addr *remote,
    const struct sock_extended_err *said, const uint8_t *inner, size_t n)
{
	const struct tunnel_error outer = {
		.type = said->ee_type,
		.code = said->ee_code,
		.value = said->ee_info,
	};
	struct tun *t = tun_find(e->dp, &e->addr, remote);
	struct tunnel_error relayed;
	char text[TEXT_ADDR_MAX];

	if (!t)
		return;
	if (log_debug_is_on("kern"))
		log_limited(LOG_LEVEL_DEBUG, "kern", "error from inside a tunnel",
		    "remote=%s type=%u code=%u value=%u", text_addr(remote, text), outer.type,
		    outer.code, outer.value);
	if (tunnel_relay(&outer, inner, n, &relayed))
		tun_answer(t, &relayed, inner, n);
	if (outer.type == ICMP6_TOO_BIG)
		kern_mtu_stale(t->dp->k, &t->mtu);
}

static const struct sock_extended_err *
find_error(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)
			return (const struct sock_extended_err *)(const void *)CMSG_DATA(c);
	}
	return NULL;
}

void
tun_drain_errors(struct tun_endpoint *e)
{
	for (int i = 0; i < ERRORS_PER_WAKEUP; i++) {
		uint8_t inner[IP6_MIN_MTU];
		struct iovec iov = { .iov_base = inner, .iov_len = sizeof(inner) };
		union {
			struct cmsghdr align;
			uint8_t octets[256];
		} control;
		struct sockaddr_in6 to;
		struct msghdr m = {
			.msg_name = &to,
			.msg_namelen = sizeof(to),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		const struct sock_extended_err *said;
		ssize_t n = recvmsg(e->fd, &m, MSG_ERRQUEUE);

		if (n < 0)
			return;
		said = find_error(&m);
		if (said && said->ee_origin == SO_EE_ORIGIN_ICMP6)
			on_error(e, &to.sin6_addr, said, inner, (size_t)n);
	}
}
