/*
 * kern_raw.c - the kernel datapath: signalling out of a raw socket (see kern_int.h).
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
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/sys/kern_int.h"

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

/* The IPv6 header as the kernel left it; false if it did not say where the packet went. */
static bool
put_header(struct wire_writer *w, struct msghdr *m, const struct in6_addr *src, size_t n,
    unsigned *ret_ifindex)
{
	struct in6_pktinfo info;
	bool known = false;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
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
	wire_put_u8(w, IP6_MH);
	wire_put_u8(w, UINT8_MAX);
	wire_put_addr(w, *src);
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
on_message(
    struct kern *k, struct msghdr *m, const struct in6_addr *src, const uint8_t *mh, size_t n)
{
	uint8_t packet[PACKET_MAX];
	struct wire_writer w = { .base = packet, .len = sizeof(packet) };
	unsigned ifindex = 0;

	if (!put_header(&w, m, src, n, &ifindex))
		return;
	put_extensions(&w, m);
	wire_put(&w, mh, n);
	if (w.bad)
		kern_count(k, KERN_COUNT_MH_MALFORMED);
	else
		kern_mh_packet(k, packet, w.pos, ifindex, true);
}

static void
on_raw(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct kern *k = container_of(w, struct kern, mh.raw_io);

	(void)loop;
	(void)revents;
	for (int i = 0; i < PACKETS_PER_WAKEUP; i++) {
		uint8_t mh[PACKET_MAX];
		struct iovec iov = { .iov_base = mh, .iov_len = sizeof(mh) };
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
		ssize_t n = recvmsg(k->mh.raw, &m, 0);

		/* A wrong checksum is EAGAIN, too: whatever waits behind it wakes us again. */
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			continue;
		if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
			kern_count(k, KERN_COUNT_MH_MALFORMED);
		else
			on_message(k, &m, &from.sin6_addr, mh, (size_t)n);
	}
}

int
kern_raw_open(struct kern *k)
{
	static const int wanted[] = {
		IPV6_RECVPKTINFO,
		IPV6_RECVHOPOPTS,
		IPV6_RECVDSTOPTS,
		IPV6_RECVRTHDR,
	};
	const int room = SOCKET_OCTETS, on = 1;

	k->mh.raw = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IP6_MH);
	if (k->mh.raw < 0)
		return -errno;
	if (setsockopt(k->mh.raw, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		return -errno;
	for (size_t i = 0; i < countof(wanted); i++) {
		if (setsockopt(k->mh.raw, IPPROTO_IPV6, wanted[i], &on, sizeof(on)) < 0)
			return -errno;
	}
	ev_io_init(&k->mh.raw_io, on_raw, k->mh.raw, EV_READ);
	ev_set_priority(&k->mh.raw_io, EV_MAXPRI);
	ev_io_start(k->loop, &k->mh.raw_io);
	return 0;
}

void
kern_raw_close(struct kern *k)
{
	ev_io_stop(k->loop, &k->mh.raw_io);
	if (k->mh.raw >= 0)
		close(k->mh.raw);
	k->mh.raw = -1;
}
