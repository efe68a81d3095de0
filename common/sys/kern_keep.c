/*
 * kern_keep.c - copies of what guests were given lately (see kern.h).
 *
 * A hypervisor that stops a guest leaves in its port what the guest had not read, and
 * nobody can read that back. So while a guest may stop at any moment, copies of what
 * goes out on its link are kept for a second, and those younger than the stop can
 * be sent to where it went.
 *
 * One packet socket with a ring for all links: the kernel writes, and we only look when
 * a guest has stopped, and now and then to let go of what is old. It is opened when it
 * is first needed and stays, with a filter that lets nothing in: closing a packet socket
 * waits for all processors.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "common/sys/kern_int.h"

enum {
	SLOT_OCTETS = 2048, /* a frame of 1514 octets and the ring's own header */
	SLOTS = 4096,
	BLOCK_OCTETS = SLOT_OCTETS * 32,
	ADDRESS_AT = 32,      /* of a slot: TPACKET_ALIGN(sizeof(struct tpacket2_hdr)) */
	FULL = SLOTS / 4 * 3, /* beyond it the oldest are let go, */
	AGE_US = 1000000,     /* and those older than this */
	SIFT_MS = 20,
};

_Static_assert(sizeof(struct tpacket2_hdr) <= ADDRESS_AT &&
		   sizeof(struct tpacket2_hdr) > ADDRESS_AT - TPACKET_ALIGNMENT,
    "where the kernel writes the address");

/* ---- which links ---- */

static size_t
find(const struct kern_keeps *s, const char *dev)
{
	size_t i = 0;

	while (i < s->links_n && strcmp(s->links[i], dev) != 0)
		i++;
	return i;
}

/* What goes out on one of the links. A link that is made anew has another index: next time. */
static int
set_filter(struct kern *k)
{
	struct kern_keeps *s = &k->keeps;
	const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX)),
	};
	size_t n = countof(head), most = n + 2 * s->links_n + 1;
	struct sock_filter *code;
	struct sock_fprog prog;
	int r;

	if (most > BPF_MAXINSNS)
		return -E2BIG;
	code = reallocarray(NULL, most, sizeof(*code));
	if (!code)
		return -ENOMEM;
	memcpy(code, head, sizeof(head));
	for (size_t i = 0; i < s->links_n; i++) {
		unsigned index = kern_link_index(k, s->links[i]);

		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, index, 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	prog = (struct sock_fprog){ .len = (unsigned short)n, .filter = code };
	r = setsockopt(s->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
	free(code);
	return r;
}

/* ---- the ring ---- */

static struct tpacket2_hdr *
slot(const struct kern_keeps *s, unsigned i)
{
	return (struct tpacket2_hdr *)(void *)(s->ring + (size_t)(i % SLOTS) * SLOT_OCTETS);
}

static bool
is_filled(struct tpacket2_hdr *h)
{
	return __atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

static void
let_go(struct kern_keeps *s)
{
	__atomic_store_n(&slot(s, s->first)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	s->first = (s->first + 1) % SLOTS;
}

static int64_t
stamp_us(const struct tpacket2_hdr *h)
{
	return (int64_t)h->tp_sec * 1000000 + h->tp_nsec / 1000;
}

static void
sift(struct kern_keeps *s, bool all)
{
	struct timespec now;
	int64_t before_us;

	clock_gettime(CLOCK_REALTIME, &now); /* the ring's stamps are by this one */
	before_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - AGE_US;
	while (is_filled(slot(s, s->first)) && (all || is_filled(slot(s, s->first + FULL)) ||
						   stamp_us(slot(s, s->first)) < before_us))
		let_go(s);
}

static void
on_timer(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct kern *k = container_of(w, struct kern, keeps.timer);
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	(void)loop;
	(void)revents;
	sift(&k->keeps, false);
	if (getsockopt(k->keeps.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		k->counts[KERN_COUNT_KEEP_OVERFLOW] += stats.tp_drops;
}

static int
open_ring(struct kern *k)
{
	struct kern_keeps *s = &k->keeps;
	/* Only a socket for all protocols is given what goes out. */
	const struct sockaddr_ll all = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL) };
	const int version = TPACKET_V2, yes = 1;
	const struct tpacket_req req = {
		.tp_block_size = BLOCK_OCTETS,
		.tp_block_nr = SLOTS * SLOT_OCTETS / BLOCK_OCTETS,
		.tp_frame_size = SLOT_OCTETS,
		.tp_frame_nr = SLOTS,
	};
	void *ring;
	int r = 0;

	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	s->out = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = s->fd < 0 || s->out < 0 ? -errno : set_filter(k);
	if (r < 0)
		goto fail;
	/* With what is left to be done about the checksum: neighbours on a bridge leave it. */
	if (setsockopt(s->fd, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes)) < 0 ||
	    setsockopt(s->out, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes)) < 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) < 0) {
		r = -errno;
		goto fail;
	}
	ring =
	    mmap(NULL, (size_t)SLOTS * SLOT_OCTETS, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (ring == MAP_FAILED) {
		r = -errno;
		goto fail;
	}
	s->ring = ring;
	if (bind(s->fd, (const struct sockaddr *)&all, sizeof(all)) < 0) {
		r = -errno;
		goto fail;
	}
	s->first = 0;
	ev_timer_init(&s->timer, on_timer, SIFT_MS / 1e3, SIFT_MS / 1e3);
	return 0;

fail:
	kern_keep_close(k);
	return r;
}

/* ---- the interface ---- */

void
kern_keep_init(struct kern *k)
{
	k->keeps = (struct kern_keeps){ .fd = -1, .out = -1 };
	ev_init(&k->keeps.timer, on_timer);
}

void
kern_keep_close(struct kern *k)
{
	struct kern_keeps *s = &k->keeps;

	ev_timer_stop(k->loop, &s->timer);
	if (s->ring)
		munmap(s->ring, (size_t)SLOTS * SLOT_OCTETS);
	if (s->fd >= 0)
		close(s->fd);
	if (s->out >= 0)
		close(s->out);
	free(s->links);
	kern_keep_init(k);
}

static int
add_link(struct kern_keeps *s, const char *dev)
{
	char(*links)[KOBJ_DEV_MAX] = reallocarray(s->links, s->links_n + 1, sizeof(*links));

	if (!links)
		return -ENOMEM;
	s->links = links;
	memset(links[s->links_n], 0, sizeof(*links));
	strncpy(links[s->links_n++], dev, KOBJ_DEV_MAX - 1);
	return 0;
}

int
kern_keep(struct kern *k, const char *dev, bool on)
{
	struct kern_keeps *s = &k->keeps;
	size_t i = find(s, dev);
	int r = 0;

	if (on && kern_link_index(k, dev) == 0)
		return -ENODEV;
	if (on == (i < s->links_n))
		return 0;
	if (on)
		r = add_link(s, dev);
	else
		memcpy(s->links[i], s->links[--s->links_n], KOBJ_DEV_MAX);
	if (r == 0)
		r = s->fd < 0 ? open_ring(k) : set_filter(k);
	if (s->fd < 0)
		return r;
	if (s->links_n > 0) {
		ev_timer_start(k->loop, &s->timer);
	} else {
		ev_timer_stop(k->loop, &s->timer);
		sift(s, true);
	}
	return r;
}

static bool
is_for(const uint8_t *frame, const struct nd_mac *macs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (memcmp(frame, macs[i].b, sizeof(macs[i].b)) == 0)
			return true;
	}
	return false;
}

/* An IPv6 packet that was routed to the guest, and not a word of its link's own. */
static bool
is_routed(const uint8_t *frame, size_t n)
{
	struct in6_addr src, dst;

	if (n < ETH_HLEN + IP6_HEADER_OCTETS || frame[12] != 0x86 || frame[13] != 0xdd)
		return false;
	memcpy(&src, frame + ETH_HLEN + 8, sizeof(src));
	memcpy(&dst, frame + ETH_HLEN + 24, sizeof(dst));
	return !IN6_IS_ADDR_MULTICAST(&dst) && !IN6_IS_ADDR_LINKLOCAL(&dst) &&
	       !IN6_IS_ADDR_LINKLOCAL(&src);
}

/* One frame, without its Ethernet header, as the ring has it. */
static int
send_one(const struct kern_keeps *s, const struct tpacket2_hdr *h, struct sockaddr_ll *to)
{
	const uint8_t *frame = (const uint8_t *)h + h->tp_mac;
	struct virtio_net_hdr offload;
	struct iovec v[2] = {
		{ .iov_base = &offload, .iov_len = sizeof(offload) },
		{ .iov_base = (void *)(uintptr_t)(frame + ETH_HLEN),
		    .iov_len = h->tp_len - ETH_HLEN },
	};
	struct msghdr m = {
		.msg_name = to, .msg_namelen = sizeof(*to), .msg_iov = v, .msg_iovlen = 2
	};

	memcpy(&offload, frame - sizeof(offload), sizeof(offload));
	if (offload.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		offload.csum_start = (uint16_t)(offload.csum_start - ETH_HLEN);
	if (offload.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		offload.hdr_len = (uint16_t)(offload.hdr_len - ETH_HLEN);
	return sendmsg(s->out, &m, 0) < 0 ? -errno : 0;
}

int
kern_keep_send(struct kern *k, const char *dev, const struct nd_mac *macs, unsigned n,
    int64_t since_us, const struct kobj_tunnel *t)
{
	struct kern_keeps *s = &k->keeps;
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = (int)k->ops->index_of(k, t),
	};
	unsigned link = kern_link_index(k, dev);
	int sent = 0;

	if (s->fd < 0 || to.sll_ifindex == 0)
		return -ENODEV;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct tpacket2_hdr *h = slot(s, s->first + i);
		const struct sockaddr_ll *from;
		const uint8_t *frame;

		if (!is_filled(h))
			break;
		from = (const struct sockaddr_ll *)(const void *)((const uint8_t *)h + ADDRESS_AT);
		frame = (const uint8_t *)h + h->tp_mac;
		if (stamp_us(h) < since_us || (unsigned)from->sll_ifindex != link ||
		    h->tp_snaplen != h->tp_len || h->tp_len < ETH_HLEN || !is_for(frame, macs, n) ||
		    !is_routed(frame, h->tp_len))
			continue;
		if (send_one(s, h, &to) < 0)
			kern_count(k, KERN_COUNT_KEEP_FAILED);
		else
			sent++;
	}
	k->counts[KERN_COUNT_KEEP_SENT] += (uint64_t)sent;
	return sent;
}
