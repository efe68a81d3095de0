/*
 * kern_mh.c - signalling in and out (see kern.h, kern_int.h).
 *
 * In: AF_PACKET, because a kernel without Mobile IPv6 drops what carries a Home Address
 * option or a type 2 routing header before any other socket has it. Bound to ETH_P_IPV6,
 * it hears a packet once, on the link that takes it (not again on a bridge's port), and
 * never what this host sends. With the kernel datapath the Mobility Headers come out of
 * a raw socket instead (kern_raw.c), as does Mobile IPv6's ICMPv6, and this one is left with
 * Home Address options in front of anything else, which that kernel drops without a word. Out:
 * IPPROTO_RAW, whole packets, since the kernel's own checksum does not know the Home Address (RFC
 * 6275 6.1.1).
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sys/kern_int.h"
#include "common/wire/icmp6.h"

#define PACKETS_PER_WAKEUP 32
#define PACKET_MAX 2048 /* signalling fits 1280; data with a Home Address option may be longer */
#define SOCKET_OCTETS (1 << 20)
#define OPT_HAO 0xc9 /* Home Address option, RFC 6275 6.3 */

bool
kern_mh_is_listened(const struct kern *k, const struct in6_addr *addr)
{
	for (size_t i = 0; i < k->mh.own_n; i++) {
		if (ip6_equal(&k->mh.own[i], addr))
			return true;
	}
	return false;
}

static bool
is_anycast(const struct kern *k, const struct in6_addr *addr)
{
	for (size_t i = 0; i < k->mh.anycast_n; i++) {
		if (ip6_equal(&k->mh.anycast[i], addr))
			return true;
	}
	return false;
}

/* ---- in ---- */

static bool
is_mobile(const struct ip6_mh_packet *p)
{
	return p->icmp6_len > 0 && p->icmp6[0] >= ICMP6_DHAAD_REQUEST && p->icmp6[0] <= ICMP6_MPA &&
	       ip6_checksum(
		   ip6_mh_source(p), ip6_mh_destination(p), IP6_ICMP6, p->icmp6, p->icmp6_len) == 0;
}

void
kern_mh_packet(struct kern *k, const uint8_t *p, size_t n, unsigned ifindex, bool from_raw)
{
	struct ip6_mh_packet packet;
	struct kern_event e = { .kind = KERN_MH };
	struct in6_addr dst;
	char text[TEXT_ADDR_MAX];
	bool to_anycast;

	if (n < IP6_HEADER_OCTETS)
		return;
	memcpy(&dst, p + 24, sizeof(dst));
	to_anycast = is_anycast(k, &dst);
	if (!to_anycast && !kern_mh_is_listened(k, &dst))
		return;
	if (ip6_mh_packet_get(p, n, &packet) < 0) {
		kern_count(k, KERN_COUNT_MH_MALFORMED);
		memcpy(&dst, p + 8, sizeof(dst));
		log_limited(LOG_LEVEL_DEBUG, "kern", "malformed signalling", "src=%s octets=%zu",
		    text_addr(&dst, text), n);
		return;
	}
	if (is_mobile(&packet))
		e.kind = KERN_MOBILE;
	else if (to_anycast || (!packet.mh && !packet.has_hao))
		return; /* the filter is no codec: it lets some others in */
	if ((packet.mh || e.kind == KERN_MOBILE) && !from_raw && k->mh.raw >= 0)
		return; /* the raw socket has it, if the kernel finds it good */
	kern_count(k, KERN_COUNT_MH_IN);
	packet.ifindex = ifindex;
	e.mh = &packet;
	kern_emit(k, &e);
}

static void
on_in(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct kern *k = container_of(w, struct kern, mh.in_io);

	(void)loop;
	(void)revents;
	for (int i = 0; i < PACKETS_PER_WAKEUP; i++) {
		uint8_t p[PACKET_MAX];
		struct sockaddr_ll from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(k->mh.in, p, sizeof(p), 0, (struct sockaddr *)&from, &len);

		if (n < 0 && errno == EAGAIN)
			return;
		/* A longer one is cut short, which the codec notices. ENETDOWN: a link went. */
		if (n >= 0)
			kern_mh_packet(k, p, (size_t)n, (unsigned)from.sll_ifindex, false);
	}
}

/*
 * To this host; a Mobility Header at once, or behind one or two headers out of hop-by-hop
 * options, destination options and routing; ICMPv6 likewise, but not at once; or a Home
 * Address option at the places where it may stand, with anything behind (for the Binding
 * Error of RFC 6275 9.3.3).
 *
 * Registers: A the next header, X the octets to the first extension header's end.
 */
static int
filter_in(int fd)
{
	struct sock_filter code[] = {
		/* 0 */ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		/* 1 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 26),
		/* 2 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
		/* 3 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_MH, 23, 0),
		/* 4 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_HOP_BY_HOP, 6, 0),
		/* 5 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_ROUTING, 5, 0),
		/* 6 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_DEST_OPTS, 0, 21),
		/* A Home Address option: first, or behind four octets of padding. */
		/* 7 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP6_HEADER_OCTETS + 2),
		/* 8 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OPT_HAO, 18, 0),
		/* 9 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP6_HEADER_OCTETS + 6),
		/* 10 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OPT_HAO, 16, 0),
		/* 11 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP6_HEADER_OCTETS),
		/* 12 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_MH, 14, 0),
		/* 13 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_ICMP6, 13, 0),
		/* 14 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_ROUTING, 1, 0),
		/* 15 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_DEST_OPTS, 0, 12),
		/* A second extension header; A is free, X is where it begins. */
		/* 16 */ BPF_STMT(BPF_LD | BPF_B | BPF_ABS, IP6_HEADER_OCTETS + 1),
		/* 17 */ BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
		/* 18 */ BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 3),
		/* 19 */ BPF_STMT(BPF_MISC | BPF_TAX, 0),
		/* 20 */ BPF_STMT(BPF_LD | BPF_B | BPF_IND, IP6_HEADER_OCTETS),
		/* 21 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_MH, 5, 0),
		/* 22 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_ICMP6, 4, 0),
		/* Behind another header the Home Address option stands in the second one. */
		/* 23 */ BPF_STMT(BPF_LD | BPF_B | BPF_IND, IP6_HEADER_OCTETS + 2),
		/* 24 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OPT_HAO, 2, 0),
		/* 25 */ BPF_STMT(BPF_LD | BPF_B | BPF_IND, IP6_HEADER_OCTETS + 6),
		/* 26 */ BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OPT_HAO, 0, 1),
		/* 27 */ BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		/* 28 */ BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = { .len = countof(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

/* ---- ICMPv6 errors ---- */

/*
 * Was it one of our Mobility Headers that somebody complains about? The invoking packet
 * may be cut short, so only the first headers are looked at.
 */
static bool
is_about_us(const struct kern *k, const struct icmp6_error *error)
{
	const uint8_t *p = error->invoking;
	struct in6_addr src;

	if (error->invoking_len < IP6_HEADER_OCTETS)
		return false;
	memcpy(&src, p + 8, sizeof(src));
	if (!kern_mh_is_listened(k, &src))
		return false;
	if (p[6] == IP6_MH)
		return true;
	return (p[6] == IP6_DEST_OPTS || p[6] == IP6_ROUTING) &&
	       error->invoking_len > IP6_HEADER_OCTETS && p[IP6_HEADER_OCTETS] == IP6_MH;
}

/* Of an outer packet: kern_tun_error.c hears it on a socket; from ip6tnl nobody else would. */
static void
look_at_path_mtu(struct kern *k, const struct icmp6_error *error)
{
	const uint8_t *p = error->invoking;
	struct in6_addr src, dst;

	if (error->type != ICMP6_TOO_BIG || error->invoking_len < IP6_HEADER_OCTETS)
		return;
	memcpy(&src, p + 8, sizeof(src));
	memcpy(&dst, p + 24, sizeof(dst));
	kern_mtu_told(k, &src, &dst);
}

static void
on_icmp(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct kern *k = container_of(w, struct kern, mh.icmp_io);

	(void)loop;
	(void)revents;
	for (int i = 0; i < PACKETS_PER_WAKEUP; i++) {
		uint8_t p[PACKET_MAX];
		struct kern_event e = { .kind = KERN_ICMP6 };
		struct wire_reader r = { .base = p };
		struct icmp6_error error;
		struct sockaddr_in6 from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(k->mh.icmp, p, sizeof(p), 0, (struct sockaddr *)&from, &len);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			continue;
		r.len = (size_t)n;
		if (icmp6_error_get(&r, &error) < 0)
			continue;
		look_at_path_mtu(k, &error);
		if (!is_about_us(k, &error))
			continue;
		e.icmp6.from = from.sin6_addr;
		e.icmp6.p = p;
		e.icmp6.n = (size_t)n;
		kern_emit(k, &e);
	}
}

/* ---- out ---- */

/* The source counts for the host's routing rules: the packet's own is not looked at there. */
static int
send_whole(
    struct kern *k, const struct in6_addr *src, const struct in6_addr *dst, uint8_t *p, size_t n)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_addr = *dst };
	struct iovec iov = { .iov_base = p, .iov_len = n };
	const struct in6_pktinfo info = { .ipi6_addr = *src };
	union {
		struct cmsghdr c;
		uint8_t octets[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control = { 0 };
	const struct msghdr m = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.c.cmsg_level = IPPROTO_IPV6;
	control.c.cmsg_type = IPV6_PKTINFO;
	control.c.cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(&control.c), &info, sizeof(info));
	return sendmsg(k->mh.out, &m, 0) < 0 ? -errno : 0;
}

int
kern_mh_send(struct kern *k, const struct ip6_mh_out *out)
{
	uint8_t p[PACKET_MAX];
	struct wire_writer w = { .base = p, .len = sizeof(p) };
	int r;

	r = ip6_mh_packet_put(&w, out);
	if (r == 0)
		r = send_whole(k, &out->src, &out->dst, p, w.pos);
	kern_count(k, r == 0 ? KERN_COUNT_MH_OUT : KERN_COUNT_MH_OUT_FAILED);
	return r;
}

int
kern_icmp6_send(struct kern *k, const struct ip6_icmp6_out *out)
{
	uint8_t whole[PACKET_MAX];
	struct wire_writer w = { .base = whole, .len = sizeof(whole) };
	int r = ip6_icmp6_packet_put(&w, out);

	return r < 0 ? r : send_whole(k, &out->src, &out->dst, whole, w.pos);
}

/* ---- opening and closing ---- */

static int
open_in(struct kern *k)
{
	const struct sockaddr_ll all = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
	};
	const int room = SOCKET_OCTETS;
	int r;

	/* Protocol 0 until the filter is in place. */
	k->mh.in = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (k->mh.in < 0)
		return -errno;
	r = filter_in(k->mh.in);
	if (r < 0)
		return r;
	if (setsockopt(k->mh.in, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0 ||
	    bind(k->mh.in, (const struct sockaddr *)&all, sizeof(all)) < 0)
		return -errno;
	ev_io_init(&k->mh.in_io, on_in, k->mh.in, EV_READ);
	ev_set_priority(&k->mh.in_io, EV_MAXPRI); /* before data, whatever there is of it */
	ev_io_start(k->loop, &k->mh.in_io);
	return 0;
}

static int
open_icmp(struct kern *k)
{
	struct icmp6_filter filter;

	k->mh.icmp = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	if (k->mh.icmp < 0)
		return -errno;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	for (unsigned type = ICMP6_UNREACHABLE; type <= ICMP6_PARAMETER; type++)
		ICMP6_FILTER_SETPASS(type, &filter);
	if (setsockopt(k->mh.icmp, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0)
		return -errno;
	ev_io_init(&k->mh.icmp_io, on_icmp, k->mh.icmp, EV_READ);
	ev_io_start(k->loop, &k->mh.icmp_io);
	return 0;
}

int
kern_mh_open(struct kern *k)
{
	int r;

	k->mh.out = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW);
	if (k->mh.out < 0)
		return -errno;
	r = open_in(k);
	return r < 0 ? r : open_icmp(k);
}

void
kern_mh_close(struct kern *k)
{
	struct kern_mh *m = &k->mh;

	ev_io_stop(k->loop, &m->in_io);
	ev_io_stop(k->loop, &m->icmp_io);
	if (m->in >= 0)
		close(m->in);
	if (m->icmp >= 0)
		close(m->icmp);
	if (m->out >= 0)
		close(m->out);
	free(m->own);
	free(m->anycast);
	kern_raw_close(k);
	*m = (struct kern_mh){ .in = -1, .out = -1, .icmp = -1, .raw = -1, .mobile = -1 };
}

/* ---- which addresses ---- */

static int
add_own(struct kern *k, const struct in6_addr *addr)
{
	struct in6_addr *own = reallocarray(k->mh.own, k->mh.own_n + 1, sizeof(*own));
	int r;

	if (!own)
		return -ENOMEM;
	k->mh.own = own;
	r = kern_nft_own(k, addr, true);
	if (r == 0)
		own[k->mh.own_n++] = *addr;
	return r;
}

static int
remove_own(struct kern *k, const struct in6_addr *addr)
{
	for (size_t i = 0; i < k->mh.own_n; i++) {
		if (!ip6_equal(&k->mh.own[i], addr))
			continue;
		k->mh.own[i] = k->mh.own[--k->mh.own_n];
		break;
	}
	return kern_nft_own(k, addr, false);
}

int
kern_listen(struct kern *k, const struct in6_addr *addr, bool on)
{
	if (on == kern_mh_is_listened(k, addr))
		return 0;
	return on ? add_own(k, addr) : remove_own(k, addr);
}

/* ---- anycast ---- */

static int
change_membership(struct kern *k, const struct in6_addr *addr, const char *dev, bool on)
{
	const struct ipv6_mreq m = {
		.ipv6mr_multiaddr = *addr,
		.ipv6mr_interface = dev ? kern_link_index(k, dev) : 0,
	};
	int what = on ? IPV6_JOIN_ANYCAST : IPV6_LEAVE_ANYCAST;

	if (dev && m.ipv6mr_interface == 0)
		return -ENODEV;
	return setsockopt(k->mh.mobile, IPPROTO_IPV6, what, &m, sizeof(m)) < 0 ? -errno : 0;
}

/* The kernel's part ends with the socket, too. */
int
kern_anycast(struct kern *k, const struct in6_addr *addr, const char *dev, bool on)
{
	struct kern_mh *m = &k->mh;
	struct in6_addr *grown;
	int r;

	if (on == is_anycast(k, addr))
		return 0;
	r = change_membership(k, addr, dev, on);
	if (on && r < 0)
		return r;
	if (!on) {
		for (size_t i = 0; i < m->anycast_n; i++) {
			if (ip6_equal(&m->anycast[i], addr))
				m->anycast[i] = m->anycast[--m->anycast_n];
		}
		return 0; /* a link that is gone took the membership with it */
	}
	grown = reallocarray(m->anycast, m->anycast_n + 1, sizeof(*grown));
	if (!grown) {
		(void)change_membership(k, addr, dev, false);
		return -ENOMEM;
	}
	m->anycast = grown;
	m->anycast[m->anycast_n++] = *addr;
	return 0;
}
