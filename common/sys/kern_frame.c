/*
 * kern_frame.c - frames of Neighbour Discovery (see kern.h, kern_int.h).
 *
 * Frames, because a guest's advertisement goes to its MAC alone while its IPv6
 * destination is a group (RFC 6085). On a bridge the frames come and go by the bridge's
 * own device: it hears all of them and finds the guest's port by its MAC.
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

#include "common/sys/kern_link.h"

#define FRAMES_PER_WAKEUP 16
#define TYPE_AT (ETH_HLEN + IP6_HEADER_OCTETS)
#define TYPE_FIRST 133 /* Router Solicitation; enum kern_frame_kinds goes on in their order */
#define TYPES (KERN_FRAMES_RS | KERN_FRAMES_RA | KERN_FRAMES_NS | KERN_FRAMES_NA)

/* The link of this name among those listened to, or NULL. */
static struct kern_frame_link *
find(const struct kern *k, const char *dev)
{
	for (size_t i = 0; i < k->frames.links_n; i++) {
		if (strcmp(k->frames.links[i].name, dev) == 0)
			return &k->frames.links[i];
	}
	return NULL;
}

/* The filter takes what any link wants; each link has its own wish. */
static bool
is_wanted(const struct kern *k, const char *dev, const uint8_t *frame, size_t n)
{
	const struct kern_frame_link *l = find(k, dev);

	return l && n > TYPE_AT && (l->what & TYPES & 1u << (frame[TYPE_AT] - TYPE_FIRST));
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
			continue; /* ENETDOWN: a link went; too long for what we want */
		if (!kern_link_name(k, (unsigned)from.sll_ifindex, dev) ||
		    !is_wanted(k, dev, frame, (size_t)n))
			continue;
		kern_count(k, KERN_COUNT_FRAME_IN);
		e.frame.dev = dev;
		e.frame.p = frame;
		e.frame.n = (size_t)n;
		kern_emit(k, &e);
	}
}

/* Ethernet, IPv6 with ICMPv6 right behind it, that came in, of one of these types. */
static int
filter(int fd, unsigned types)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, PACKET_MULTICAST, 12, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_HATYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPHRD_ETHER, 0, 10),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IP6_ICMP6, 0, 8),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, TYPE_AT),
		BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, TYPE_FIRST),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 3, 5, 0),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_IMM, 1),
		BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, types, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = { .len = countof(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

static int
filter_again(struct kern *k)
{
	unsigned types = 0;

	for (size_t i = 0; i < k->frames.links_n; i++)
		types |= k->frames.links[i].what & TYPES;
	return filter(k->frames.fd, types);
}

/* Solicitations go to groups made from their targets, and we wait for any target. */
static int
hear_all_groups(const struct kern *k, unsigned index, bool on)
{
	const struct packet_mreq m = { .mr_ifindex = (int)index, .mr_type = PACKET_MR_ALLMULTI };
	int option = on ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP;

	return setsockopt(k->frames.fd, SOL_PACKET, option, &m, sizeof(m)) < 0 ? -errno : 0;
}

static int
change_sets(struct kern *k, const char *dev, unsigned was, unsigned is)
{
	static const struct {
		unsigned bit;
		const char *set;
	} rows[] = {
		{ KERN_FRAMES_NO_REDIRECT, "links" },
		{ KERN_FRAMES_NO_LINK_LOCAL, "homes" },
	};
	int r = 0;

	for (size_t i = 0; i < countof(rows) && r == 0; i++) {
		if ((was ^ is) & rows[i].bit)
			r = kern_nft_link(k, rows[i].set, dev, is & rows[i].bit);
	}
	return r;
}

int
kern_frame_refill(struct kern *k)
{
	int r = 0;

	for (size_t i = 0; i < k->frames.links_n && r == 0; i++)
		r = change_sets(k, k->frames.links[i].name, 0, k->frames.links[i].what);
	return r;
}

static struct kern_frame_link *
add_link(struct kern *k, const char *dev)
{
	struct kern_frames *f = &k->frames;
	struct kern_frame_link *v = reallocarray(f->links, f->links_n + 1, sizeof(*v));

	if (!v)
		return NULL;
	f->links = v;
	v += f->links_n++;
	memset(v, 0, sizeof(*v));
	strncpy(v->name, dev, KOBJ_DEV_MAX - 1);
	return v;
}

/* Memberships end with their link; one made anew under the name has another index. */
static int
change_membership(struct kern *k, struct kern_frame_link *l, unsigned index, unsigned what)
{
	bool has = (l->what & KERN_FRAMES_NS) && l->index == index;
	bool wants = what & KERN_FRAMES_NS;
	int r = 0;

	if (index != 0 && has != wants)
		r = hear_all_groups(k, index, wants);
	l->index = index;
	return r;
}

int
kern_frame_listen(struct kern *k, const char *dev, unsigned what)
{
	struct kern_frame_link *l = find(k, dev);
	unsigned index = kern_link_index(k, dev), was;
	int r;

	if (what && index == 0)
		return -ENODEV;
	if (!l && !what)
		return 0;
	if (!l)
		l = add_link(k, dev);
	if (!l)
		return -ENOMEM;
	r = change_membership(k, l, index, what);
	was = l->what;
	if (r == 0 && was != what) {
		l->what = what;
		r = filter_again(k);
		if (r == 0)
			r = change_sets(k, dev, was, what);
	}
	if (!what)
		*l = k->frames.links[--k->frames.links_n];
	return r;
}

int
kern_frame_mac(struct kern *k, const char *dev, struct nd_mac *ret_mac)
{
	struct kern_link_info info;
	unsigned index = kern_link_index(k, dev);

	if (index == 0 || kern_link_get(k, index, &info) < 0)
		return -ENODEV;
	*ret_mac = info.mac;
	return 0;
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
	r = filter(f->fd, 0);
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
