/*
 * kern_tun_io.c - the portable datapath: packets into tunnels and out of them (see kern_tun.h).
 *
 * Nothing here allocates. A batch goes from one end to the other at once; a watcher
 * stops after TUN_BATCHES, so that signalling never waits behind a flood of data.
 * What the kernel does not take is dropped and counted, as in any full queue.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sys/kern_tun.h"
#include "common/sys/tunnel.h"
#include "common/wire/icmp6.h"

#define ECN_BITS 3

static uint8_t *
slot(const struct portable *dp, size_t i)
{
	return dp->slots + i * TUN_PACKET_MAX;
}

/* ---- into the tunnel ---- */

static const enum kern_count entry_counts[] = {
	[TUNNEL_MALFORMED] = KERN_COUNT_ENCAP_MALFORMED,
	[TUNNEL_LINK_LOCAL] = KERN_COUNT_ENCAP_LINK_LOCAL,
	[TUNNEL_LOOP] = KERN_COUNT_ENCAP_LOOP,
	[TUNNEL_LIMIT] = KERN_COUNT_ENCAP_LIMIT,
};

static struct cmsghdr *
put_cmsg(struct cmsghdr *c, int type, const void *p, size_t n)
{
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), p, n);
	return (struct cmsghdr *)(void *)((uint8_t *)c + CMSG_SPACE(n));
}

/* The outer header's traffic class, and the limit if the packet brought one (RFC 2473 4.1.1). */
static size_t
put_cmsgs(struct portable *dp, size_t i, const struct tunnel_entry *e)
{
	int class = (dp->k->opts.traffic_class & ~ECN_BITS) | e->ecn;
	/* Next header (the kernel's to fill in), length, the option, PadN. */
	uint8_t limit[8] = { 0, 0, 4, 1, (uint8_t)e->limit, 1, 1, 0 };
	struct cmsghdr *c = &dp->cmsgs[i].align;

	c = put_cmsg(c, IPV6_TCLASS, &class, sizeof(class));
	if (e->limit >= 0)
		c = put_cmsg(c, IPV6_DSTOPTS, limit, sizeof(limit));
	return (size_t)((uint8_t *)c - dp->cmsgs[i].octets);
}

enum got { GOT_PACKET, GOT_REFUSED, GOT_NOTHING, GOT_BROKEN };

/* Read one packet into slot i and make it ready to be sent. */
static enum got
read_device(struct tun *t, size_t i)
{
	struct portable *dp = t->dp;
	struct kern *k = dp->k;
	uint8_t *p = slot(dp, i);
	struct tunnel_entry entry;
	enum tunnel_verdict verdict;
	ssize_t n;

	n = read(t->fd, p, TUN_PACKET_MAX);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? GOT_NOTHING : GOT_BROKEN;
	verdict = tunnel_enter(&t->ends, p, (size_t)n, &entry);
	if (verdict != TUNNEL_PASS) {
		/* What the host itself says on its device (MLD) is no loss of anybody's. */
		if (verdict != TUNNEL_LINK_LOCAL)
			t->out_dropped++;
		kern_count(k, entry_counts[verdict]);
		if (verdict == TUNNEL_LIMIT)
			tun_answer(t,
			    &(struct tunnel_error){
				.type = ICMP6_PARAMETER, .value = (uint32_t)entry.limit_at },
			    p, entry.n);
		return GOT_REFUSED;
	}
	dp->addrs[i] =
	    (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = t->ends.remote };
	dp->iovs[i] = (struct iovec){ .iov_base = p, .iov_len = entry.n };
	dp->msgs[i].msg_hdr = (struct msghdr){
		.msg_name = &dp->addrs[i],
		.msg_namelen = sizeof(dp->addrs[i]),
		.msg_iov = &dp->iovs[i],
		.msg_iovlen = 1,
		.msg_control = dp->cmsgs[i].octets,
		.msg_controllen = put_cmsgs(dp, i, &entry),
	};
	return GOT_PACKET;
}

static void
dropped(struct tun *t, int error)
{
	char remote[TEXT_ADDR_MAX];

	t->out_dropped++;
	kern_count(t->dp->k, KERN_COUNT_ENCAP_FAILED);
	if (log_debug_is_on("kern"))
		log_limited(LOG_LEVEL_DEBUG, "kern", "outer packet not sent",
		    "dev=%s remote=%s error=\"%s\"", t->dev, text_addr(&t->ends.remote, remote),
		    strerror(error));
}

/*
 * An ICMPv6 error that came for an earlier packet makes one send fail that has nothing
 * to do with it: take the error off its queue, and try the packet once more.
 */
static void
send_batch(struct tun *t, unsigned n)
{
	struct portable *dp = t->dp;
	unsigned sent = 0;
	bool again = true;

	while (sent < n) {
		int r = sendmmsg(t->local->fd, dp->msgs + sent, n - sent, 0);

		if (r < 0 && errno != EAGAIN && errno != ENOBUFS && again) {
			again = false;
			continue;
		}
		if (r < 0) {
			dropped(t, errno);
			r = 1;
		} else {
			t->out_packets += (unsigned)r;
			for (int i = 0; i < r; i++)
				t->out_octets += dp->iovs[sent + (unsigned)i].iov_len;
		}
		sent += (unsigned)r;
		again = true;
	}
}

void
tun_on_device(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct tun *t = container_of(w, struct tun, io);
	enum got got = GOT_PACKET;

	(void)revents;
	for (int batch = 0; got <= GOT_REFUSED && batch < TUN_BATCHES; batch++) {
		unsigned n = 0;

		for (int i = 0; got <= GOT_REFUSED && i < TUN_BATCH; i++) {
			got = read_device(t, n);
			if (got == GOT_PACKET)
				n++;
		}
		if (n > 0)
			send_batch(t, n);
	}
	/* Deleted under us, it is readable for ever: the monitor makes it be opened anew. */
	if (got == GOT_BROKEN)
		ev_io_stop(loop, w);
}

/* ---- out of the tunnel ---- */

static const enum kern_count exit_counts[] = {
	[TUNNEL_MALFORMED] = KERN_COUNT_TUNNEL_MALFORMED,
	[TUNNEL_LINK_LOCAL] = KERN_COUNT_TUNNEL_LINK_LOCAL,
	[TUNNEL_ECN] = KERN_COUNT_TUNNEL_ECN,
};

static uint8_t
received_class(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		int class;

		if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_TCLASS)
			continue;
		memcpy(&class, CMSG_DATA(c), sizeof(class));
		return (uint8_t) class;
	}
	return 0;
}

static void
refused(struct tun *t, enum kern_count count, const char *why, const uint8_t *p, size_t n)
{
	char remote[TEXT_ADDR_MAX], src[TEXT_ADDR_MAX] = "-", dst[TEXT_ADDR_MAX] = "-";
	struct in6_addr a;

	t->in_dropped++;
	kern_count(t->dp->k, count);
	if (!log_debug_is_on("kern"))
		return;
	if (n >= IP6_HEADER_OCTETS) {
		a = tunnel_source(p);
		(void)text_addr(&a, src);
		a = tunnel_destination(p);
		(void)text_addr(&a, dst);
	}
	log_limited(LOG_LEVEL_DEBUG, "kern", "refused from tunnel",
	    "reason=%s remote=%s src=%s dst=%s", why, text_addr(&t->ends.remote, remote), src, dst);
}

/* The checks of N-37 and N-39, and X-08. */
static bool
may_pass(struct tun *t, const uint8_t *p, size_t n)
{
	const struct in6_addr src = tunnel_source(p), dst = tunnel_destination(p);

	switch (kern_pass_check(&t->pass, &src, &dst)) {
	case KERN_PASS_OK:
		return true;
	case KERN_PASS_LATE:
		kern_count(t->dp->k, KERN_COUNT_PASS_LATE);
		return true;
	case KERN_PASS_REFUSE_SOURCE:
		refused(t, KERN_COUNT_PASS_SOURCE, "source", p, n);
		return false;
	case KERN_PASS_REFUSE_DESTINATION:
		refused(t, KERN_COUNT_PASS_DESTINATION, "destination", p, n);
		return false;
	}
	return false;
}

static void
deliver(struct tun *t, uint8_t *p, size_t n, uint8_t class)
{
	enum tunnel_verdict verdict = tunnel_exit(p, n, class, &n);

	if (verdict != TUNNEL_PASS) {
		refused(t, exit_counts[verdict],
		    verdict == TUNNEL_ECN	   ? "ecn"
		    : verdict == TUNNEL_LINK_LOCAL ? "link-local"
						   : "malformed",
		    p, n);
		return;
	}
	if (!may_pass(t, p, n))
		return;
	if (write(t->fd, p, n) < 0) {
		t->in_dropped++;
		kern_count(t->dp->k, KERN_COUNT_TUNNEL_DEVICE);
		return;
	}
	t->in_packets++;
	t->in_octets += n;
}

static void
unknown_source(struct tun_endpoint *e, const struct in6_addr *src)
{
	char text[TEXT_ADDR_MAX];

	kern_count(e->dp->k, KERN_COUNT_TUNNEL_UNKNOWN_SOURCE);
	if (log_debug_is_on("kern"))
		log_limited(LOG_LEVEL_DEBUG, "kern", "tunnel packet from unknown source", "src=%s",
		    text_addr(src, text));
}

static int
receive_batch(struct tun_endpoint *e)
{
	struct portable *dp = e->dp;

	for (size_t i = 0; i < TUN_BATCH; i++) {
		dp->iovs[i] = (struct iovec){ .iov_base = slot(dp, i), .iov_len = TUN_PACKET_MAX };
		dp->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &dp->addrs[i],
			.msg_namelen = sizeof(dp->addrs[i]),
			.msg_iov = &dp->iovs[i],
			.msg_iovlen = 1,
			.msg_control = dp->cmsgs[i].octets,
			.msg_controllen = sizeof(dp->cmsgs[i].octets),
		};
	}
	return recvmmsg(e->fd, dp->msgs, TUN_BATCH, 0, NULL);
}

void
tun_on_endpoint(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct tun_endpoint *e = container_of(w, struct tun_endpoint, io);
	struct portable *dp = e->dp;
	int n = TUN_BATCH;

	(void)loop;
	(void)revents;
	for (int batch = 0; n == TUN_BATCH && batch < TUN_BATCHES; batch++) {
		n = receive_batch(e);
		for (int i = 0; i < n; i++) {
			struct msghdr *m = &dp->msgs[i].msg_hdr;
			const struct in6_addr *src = &dp->addrs[i].sin6_addr;
			struct tun *t = tun_find(dp, &e->addr, src);

			if (t)
				deliver(
				    t, slot(dp, (size_t)i), dp->msgs[i].msg_len, received_class(m));
			else
				unknown_source(e, src);
		}
	}
	tun_drain_errors(e);
}
