/*
 * kern_raw.c - signalling that the kernel hands up through raw sockets (see kern_int.h):
 * with the kernel datapath all of it, with the portable one home agent discovery.
 *
 * A kernel with Mobile IPv6 works on a packet before the socket has it: it reassembles,
 * decrypts, and swaps addresses. The Home Address becomes the source, and the option then
 * holds the care-of address (RFC 6275 6.3); the home address of a type 2 routing header
 * becomes the destination, and the header holds the care-of address (6.4). What is above
 * knows packets as they were on the wire, so the packet is put together again: headers as
 * the socket options tell of them, addresses swapped back. Class, flow label and hop limit
 * are not those of the wire; nothing depends on them.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/sys/kern_int.h"
#include "common/wire/icmp6.h"

#define PACKETS_PER_WAKEUP 32
#define PACKET_MAX IP6_MIN_MTU /* signalling fits it; longer is not ours */
#define SOCKET_OCTETS (1 << 20)
#define OPT_PAD1 0
#define OPT_HAO 0xc9
#define ADDR_OCTETS 16
#define RH2_OCTETS 24
#define RH2_TYPE 2
#define AT_SOURCE 8
#define AT_DESTINATION 24

static void
swap(uint8_t *a, uint8_t *b)
{
	uint8_t t[ADDR_OCTETS];

	memcpy(t, a, sizeof(t));
	memcpy(a, b, sizeof(t));
	memcpy(b, t, sizeof(t));
}

/* The address in a destination options header's Home Address option, or NULL. */
static uint8_t *
find_hao(uint8_t *p, size_t n)
{
	for (size_t at = 2; at + 2 <= n;) {
		if (p[at] == OPT_PAD1) {
			at++;
			continue;
		}
		if (p[at] == OPT_HAO && p[at + 1] == ADDR_OCTETS && at + 2 + ADDR_OCTETS <= n)
			return p + at + 2;
		at += 2u + p[at + 1];
	}
	return NULL;
}

/* Undo what the kernel did to the addresses when it took this header. */
static void
restore(uint8_t *packet, int next_header, uint8_t *p, size_t n)
{
	uint8_t *hao;

	if (next_header == IP6_ROUTING && n == RH2_OCTETS && p[2] == RH2_TYPE) {
		swap(packet + AT_DESTINATION, p + 8);
		p[3] = 1; /* segments left: the kernel has counted down, and lets no other in */
	} else if (next_header == IP6_DEST_OPTS) {
		hao = find_hao(p, n);
		if (hao)
			swap(packet + AT_SOURCE, hao);
	}
}

static const struct {
	int cmsg;
	uint8_t next_header;
} headers[] = {
	{ IPV6_HOPOPTS, IP6_HOP_BY_HOP },
	{ IPV6_DSTOPTS, IP6_DEST_OPTS },
	{ IPV6_RTHDR, IP6_ROUTING },
};

static uint8_t
header_of(const struct cmsghdr *c)
{
	for (size_t i = 0; i < countof(headers); i++) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == headers[i].cmsg)
			return headers[i].next_header;
	}
	return IP6_NONE;
}

/* What a raw socket said of one message. */
struct message {
	struct msghdr *m;
	const struct in6_addr *src;
	uint8_t upper; /* next header of the message itself */
	const uint8_t *p;
	size_t n; /* octets */
};

/* The IPv6 header as the kernel left it; false if it did not say where the packet went. */
static bool
put_header(struct wire_writer *w, const struct message *in, unsigned *ret_ifindex)
{
	struct in6_pktinfo info;
	bool known = false;
	size_t n = in->n;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(in->m); c; c = CMSG_NXTHDR(in->m, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			known = true;
		} else if (header_of(c) != IP6_NONE) {
			n += c->cmsg_len - CMSG_LEN(0);
		}
	}
	if (!known || n > UINT16_MAX)
		return false;
	*ret_ifindex = info.ipi6_ifindex;
	wire_put_u32(w, 0x60000000);
	wire_put_u16(w, (uint16_t)n);
	wire_put_u8(w, in->upper);
	wire_put_u8(w, UINT8_MAX);
	wire_put_addr(w, *in->src);
	wire_put_addr(w, info.ipi6_addr);
	return !w->bad;
}

/* The extension headers, in their order; each says what comes behind it, but the first. */
static void
put_extensions(struct wire_writer *w, struct msghdr *m)
{
	uint8_t *packet = w->base;
	bool first = true;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		uint8_t next_header = header_of(c);
		size_t n = c->cmsg_len - CMSG_LEN(0), at = w->pos;

		if (next_header == IP6_NONE)
			continue;
		if (first)
			packet[6] = next_header;
		first = false;
		wire_put(w, CMSG_DATA(c), n);
		if (!w->bad)
			restore(packet, next_header, packet + at, n);
	}
}

static void
on_message(struct kern *k, const struct message *in)
{
	uint8_t packet[PACKET_MAX];
	struct wire_writer w = { .base = packet, .len = sizeof(packet) };
	unsigned ifindex = 0;

	if (!put_header(&w, in, &ifindex))
		return;
	put_extensions(&w, in->m);
	wire_put(&w, in->p, in->n);
	if (w.bad)
		kern_count(k, KERN_COUNT_MH_MALFORMED);
	else
		kern_mh_packet(k, packet, w.pos, ifindex, true);
}

static void
drain(struct kern *k, int fd, uint8_t upper)
{
	for (int i = 0; i < PACKETS_PER_WAKEUP; i++) {
		uint8_t p[PACKET_MAX];
		struct iovec iov = { .iov_base = p, .iov_len = sizeof(p) };
		union {
			struct cmsghdr align;
			uint8_t octets[PACKET_MAX];
		} control;
		struct sockaddr_in6 from;
		struct msghdr m = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		struct message in = { .m = &m, .src = &from.sin6_addr, .upper = upper, .p = p };
		ssize_t n = recvmsg(fd, &m, 0);

		/* A wrong checksum is EAGAIN, too: whatever waits behind it wakes us again. */
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			continue;
		in.n = (size_t)n;
		if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
			kern_count(k, KERN_COUNT_MH_MALFORMED);
		else
			on_message(k, &in);
	}
}

static void
on_raw(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct kern *k = container_of(w, struct kern, mh.raw_io);

	(void)loop;
	(void)revents;
	drain(k, k->mh.raw, IP6_MH);
}

static void
on_mobile(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct kern *k = container_of(w, struct kern, mh.mobile_io);

	(void)loop;
	(void)revents;
	drain(k, k->mh.mobile, IP6_ICMP6);
}

/* A socket that hears nothing but what its filter passes, if it has one. */
static int
open_socket(int *ret_fd, uint8_t protocol, const struct icmp6_filter *filter)
{
	static const int wanted[] = {
		IPV6_RECVPKTINFO,
		IPV6_RECVHOPOPTS,
		IPV6_RECVDSTOPTS,
		IPV6_RECVRTHDR,
	};
	const int room = SOCKET_OCTETS, on = 1;
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	*ret_fd = fd; /* whoever fails closes it with the rest */
	if (fd < 0)
		return -errno;
	if (filter && setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, filter, sizeof(*filter)) < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		return -errno;
	for (size_t i = 0; i < countof(wanted); i++) {
		if (setsockopt(fd, IPPROTO_IPV6, wanted[i], &on, sizeof(on)) < 0)
			return -errno;
	}
	return 0;
}

int
kern_raw_open(struct kern *k)
{
	int r = open_socket(&k->mh.raw, IP6_MH, NULL);

	if (r < 0)
		return r;
	ev_io_init(&k->mh.raw_io, on_raw, k->mh.raw, EV_READ);
	ev_set_priority(&k->mh.raw_io, EV_MAXPRI);
	ev_io_start(k->loop, &k->mh.raw_io);
	return 0;
}

/*
 * Discovery is plain ICMPv6. Prefix solicitations and advertisements come with a Home
 * Address option or a routing header: without the kernel's help AF_PACKET has them.
 */
int
kern_raw_open_mobile(struct kern *k)
{
	uint8_t last = k->mh.raw >= 0 ? ICMP6_MPA : ICMP6_DHAAD_REPLY;
	struct icmp6_filter filter;
	int r;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	for (uint8_t type = ICMP6_DHAAD_REQUEST; type <= last; type++)
		ICMP6_FILTER_SETPASS(type, &filter);
	r = open_socket(&k->mh.mobile, IP6_ICMP6, &filter);
	if (r < 0)
		return r;
	ev_io_init(&k->mh.mobile_io, on_mobile, k->mh.mobile, EV_READ);
	ev_io_start(k->loop, &k->mh.mobile_io);
	return 0;
}

void
kern_raw_close(struct kern *k)
{
	ev_io_stop(k->loop, &k->mh.raw_io);
	ev_io_stop(k->loop, &k->mh.mobile_io);
	if (k->mh.raw >= 0)
		close(k->mh.raw);
	if (k->mh.mobile >= 0)
		close(k->mh.mobile);
	k->mh.raw = k->mh.mobile = -1;
}
