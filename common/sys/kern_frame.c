/*
 * kern_frame.c - frames on guests' links (see kern.h, kern_int.h).
 *
 * Frames, because a guest's advertisement goes to its MAC alone while its IPv6
 * destination is a group (RFC 6085). On a bridge the frames come and go by the bridge's
 * own device: it hears all solicitations and finds the guest's port by its MAC.
 *
 * One socket for all links, told apart here: closing a packet socket waits for all
 * processors (tens of milliseconds), in which no packet of any guest would move. Links
 * are known by name, so one that is made anew is listened to again without a word.
 */
#include <errno.h>
#include <linux/filter.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/sys/kern_int.h"

#define FRAMES_PER_WAKEUP 16
#define RS_TYPE 133 /* Router Solicitation, RFC 4861 4.1 */

/* The place of dev among the links listened to, or their number. */
static size_t
find(const struct kern *k, const char *dev)
{
	size_t i = 0;

	while (i < k->frames.links_n && strcmp(k->frames.links[i], dev) != 0)
		i++;
	return i;
}

static void
on_frame(struct ev_loop *loop, struct ev_io *w, int revents)
{
	struct kern *k = container_of(w, struct kern, frames.io);

	(void)loop;
	(void)revents;
	for (int i = 0; i < FRAMES_PER_WAKEUP; i++) {
		uint8_t frame[ND_FRAME_MAX];
		char dev[KOBJ_DEV_MAX];
		struct kern_event e = { .kind = KERN_FRAME };
		struct sockaddr_ll from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(
		    k->frames.fd, frame, sizeof(frame), MSG_TRUNC, (struct sockaddr *)&from, &len);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0 || n > (ssize_t)sizeof(frame))
			continue; /* ENETDOWN: a link went; too long for a solicitation */
		if (!kern_link_name(k, (unsigned)from.sll_ifindex, dev) ||
		    find(k, dev) == k->frames.links_n)
			continue;
		kern_count(k, KERN_COUNT_FRAME_IN);
		e.frame.dev = dev;
		e.frame.p = frame;
		e.frame.n = (size_t)n;
		kern_emit(k, &e);
	}
}

/* Ethernet, IPv6 with ICMPv6 right behind it, a Router Solicitation that came in. */
static int
filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, PACKET_MULTICAST, 7, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_HATYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_ETHER, 0, 5),
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
add_link(struct kern *k, const char *dev)
{
	struct kern_frames *f = &k->frames;
	char(*links)[KOBJ_DEV_MAX] = reallocarray(f->links, f->links_n + 1, sizeof(*links));
	int r;

	if (!links)
		return -ENOMEM;
	f->links = links;
	r = kern_nft_link(k, dev, true);
	if (r == 0) {
		memset(links[f->links_n], 0, sizeof(*links));
		strncpy(links[f->links_n++], dev, KOBJ_DEV_MAX - 1);
	}
	return r;
}

int
kern_frame_listen(struct kern *k, const char *dev, bool on)
{
	struct kern_frames *f = &k->frames;
	size_t i = find(k, dev);

	if (on && kern_link_index(k, dev) == 0)
		return -ENODEV;
	if (on == (i < f->links_n))
		return 0;
	if (on)
		return add_link(k, dev);
	memcpy(f->links[i], f->links[--f->links_n], KOBJ_DEV_MAX);
	return kern_nft_link(k, dev, false);
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
	if (sendto(k->frames.fd, frame, n, 0, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	kern_count(k, KERN_COUNT_FRAME_OUT);
	return 0;
}

int
kern_frame_open(struct kern *k)
{
	const struct sockaddr_ll all = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
	};
	struct kern_frames *f = &k->frames;
	int r;

	/* Protocol 0 until the filter is in place. */
	f->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (f->fd < 0)
		return -errno;
	r = filter(f->fd);
	if (r < 0)
		return r;
	if (bind(f->fd, (const struct sockaddr *)&all, sizeof(all)) < 0)
		return -errno;
	ev_io_init(&f->io, on_frame, f->fd, EV_READ);
	ev_set_priority(&f->io, 1); /* before data */
	ev_io_start(k->loop, &f->io);
	return 0;
}

void
kern_frame_close(struct kern *k)
{
	struct kern_frames *f = &k->frames;

	ev_io_stop(k->loop, &f->io);
	if (f->fd >= 0)
		close(f->fd);
	free(f->links);
	*f = (struct kern_frames){ .fd = -1 };
}
