/*
 * kern_frame.c - frames on guests' links (see kern.h, kern_int.h).
 *
 * Frames, because a guest's advertisement goes to its MAC alone while its IPv6
 * destination is a group (RFC 6085). On a bridge the frames come and go by the bridge's
 * own device: it hears all solicitations and finds the guest's port by its MAC.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "common/base/log.h"
#include "common/sys/kern_int.h"

#define FRAMES_PER_WAKEUP 16
#define RS_TYPE 133 /* Router Solicitation, RFC 4861 4.1 */

struct kern_frame_link {
	struct kern *k;
	char dev[KOBJ_DEV_MAX];
	unsigned index;
	int fd;
	struct ev_io io;
	struct kern_frame_link *next;
};

static struct kern_frame_link *
find(const struct kern *k, const char *dev)
{
	struct kern_frame_link *l;

	LL_FOREACH(k->frames.links, l)
	{
		if (strcmp(l->dev, dev) == 0)
			return l;
	}
	return NULL;
}

static void
on_frame(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct kern_frame_link *l = container_of(w, struct kern_frame_link, io);
	uint8_t frame[ND_FRAME_MAX];
	char dev[KOBJ_DEV_MAX];

	(void)loop;
	(void)revents;
	memcpy(dev, l->dev, sizeof(dev));
	for (int i = 0; i < FRAMES_PER_WAKEUP; i++) {
		struct kern *k = l->k;
		struct kern_event e = { .kind = KERN_FRAME };
		ssize_t n = recv(l->fd, frame, sizeof(frame), MSG_TRUNC);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0 || n > (ssize_t)sizeof(frame))
			continue; /* ENETDOWN when the link goes down; too long for a solicitation
				   */
		kern_count(k, KERN_COUNT_FRAME_IN);
		e.frame.dev = dev;
		e.frame.p = frame;
		e.frame.n = (size_t)n;
		kern_emit(k, &e);
		/* The callback may have stopped listening. */
		if (find(k, dev) != l)
			return;
	}
}

/* Ethernet, IPv6 with ICMPv6 right behind it, a Router Solicitation that came in. */
static int
filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, PACKET_MULTICAST, 5, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_ICMP6, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + IP6_HEADER_OCTETS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RS_TYPE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = { .len = countof(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

static int
attach(struct kern_frame_link *l)
{
	const struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = (int)l->index,
	};
	/* Solicitations go to ff02::2, which the link joins by itself only while it forwards. */
	const struct packet_mreq routers = {
		.mr_ifindex = (int)l->index,
		.mr_type = PACKET_MR_MULTICAST,
		.mr_alen = ETH_ALEN,
		.mr_address = { 0x33, 0x33, 0, 0, 0, 2 },
	};
	int r;

	/* Protocol 0 until it is bound: nothing of other links gets in before the filter. */
	l->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return -errno;
	r = filter(l->fd);
	if (r == 0 && (bind(l->fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
			  setsockopt(l->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &routers,
			      sizeof(routers)) < 0))
		r = -errno;
	if (r < 0) {
		close(l->fd);
		l->fd = -1;
		return r;
	}
	ev_io_init(&l->io, on_frame, l->fd, EV_READ);
	ev_set_priority(&l->io, 1);
	ev_io_start(l->k->loop, &l->io);
	return 0;
}

static void
detach(struct kern_frame_link *l)
{
	if (l->fd < 0)
		return;
	ev_io_stop(l->k->loop, &l->io);
	close(l->fd);
	l->fd = -1;
}

static void
drop(struct kern_frame_link *l)
{
	LL_DELETE(l->k->frames.links, l);
	detach(l);
	free(l);
}

static int
listen_on(struct kern *k, const char *dev)
{
	struct kern_frame_link *l;
	unsigned index = kern_link_index(k, dev);
	int r;

	if (index == 0)
		return -ENODEV;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->k = k;
	l->index = index;
	l->fd = -1;
	strncpy(l->dev, dev, KOBJ_DEV_MAX - 1);
	LL_PREPEND(k->frames.links, l);
	r = attach(l);
	if (r == 0)
		r = kern_nft_link(k, dev, true);
	if (r < 0)
		drop(l);
	return r;
}

int
kern_frame_listen(struct kern *k, const char *dev, bool on)
{
	struct kern_frame_link *l = find(k, dev);

	if (on && l && l->index != kern_link_index(k, dev))
		kern_frame_link_changed(k, dev);
	if (on == (l != NULL))
		return 0;
	if (on)
		return listen_on(k, dev);
	drop(l);
	return kern_nft_link(k, dev, false);
}

/* A link of the same name may have been made anew: the socket still waits on the old one. */
void
kern_frame_link_changed(struct kern *k, const char *dev)
{
	struct kern_frame_link *l = find(k, dev);
	unsigned index;
	int r;

	if (!l)
		return;
	index = kern_link_index(k, dev);
	if (index == 0 || (index == l->index && l->fd >= 0))
		return;
	detach(l);
	l->index = index;
	r = attach(l);
	if (r < 0)
		log_warn("kern", "cannot listen on link, retrying when it changes",
		    "dev=%s error=\"%s\"", dev, strerror(-r));
}

int
kern_frame_send(struct kern *k, const char *dev, const uint8_t *frame, size_t n)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = (int)kern_link_index(k, dev),
		.sll_halen = ETH_ALEN,
	};

	if (n < ETH_HLEN)
		return -EINVAL;
	if (addr.sll_ifindex == 0)
		return -ENODEV;
	memcpy(addr.sll_addr, frame, ETH_ALEN);
	if (sendto(k->frames.out, frame, n, 0, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	kern_count(k, KERN_COUNT_FRAME_OUT);
	return 0;
}

int
kern_frame_open(struct kern *k)
{
	k->frames.out = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return k->frames.out < 0 ? -errno : 0;
}

void
kern_frame_close(struct kern *k)
{
	struct kern_frame_link *l, *next;

	LL_FOREACH_SAFE(k->frames.links, l, next)
	drop(l);
	if (k->frames.out >= 0)
		close(k->frames.out);
	k->frames.out = -1;
}
