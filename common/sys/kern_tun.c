/*
 * kern_tun.c - the portable datapath: tunnels as TUN devices (see kern_int.h, kern_tun.h).
 *
 * Because a tunnel is a device, routes over it are ordinary routes, and the kernel
 * itself answers what does not fit with a Packet Too Big. Because the outer packets go
 * through a raw socket, the kernel fragments, reassembles and learns path MTUs for us.
 */
#include "common/sys/kern_tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utlist.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sys/kern_ip6tnl.h"
#include "common/sys/kern_link.h"

#define TUN_PATH "/dev/net/tun"
#define QUEUE_PACKETS 1000
#define SOCKET_OCTETS (4 << 20) /* the kernel's memory, not ours */
#define HOP_LIMIT 64		/* RFC 2473 6.3 */

/*
 * A kernel without Mobile IPv6 answers a Home Address option or a type 2 routing
 * header with an ICMPv6 Parameter Problem. AF_PACKET has a packet before nftables does,
 * so dropping it there silences the kernel and loses nothing.
 *
 * Offsets are bits. @nh,336 is the first option of a destination options header that
 * comes right behind the IPv6 header; 0xc9 is the Home Address option. It stands at the
 * front, or on its alignment (8n+6) behind a PadN or four Pad1. Anything else in a
 * destination options header, such as a tunnel encapsulation limit, passes.
 *
 * @th,112 is the next header of the packet inside an ICMPv6 error: where the module
 * ip6_tunnel is loaded, the kernel calls tunnel packets that it has no device for
 * unreachable, though our socket takes them.
 */
static const char filter[] =
    "table ip6 %t {\n"
    "	set own { type ipv6_addr; }\n"
    "	set links { type ifname; }\n"
    "	set homes { type ifname; }\n"
    "	chain signalling {\n"
    "		type filter hook prerouting priority -300; policy accept;\n"
    "		ip6 daddr @own meta l4proto 135 counter drop\n"
    "		ip6 daddr @own icmpv6 type { 146, 147 } counter drop\n"
    "		ip6 daddr @own ip6 nexthdr 60 @nh,336,8 0xc9 counter drop\n"
    "		ip6 daddr @own ip6 nexthdr 60 @nh,336,16 0x0102 @nh,368,8 0xc9 counter drop\n"
    "		ip6 daddr @own ip6 nexthdr 60 @nh,336,32 0 @nh,368,8 0xc9 counter drop\n"
    "	}\n"
    "	chain home {\n"
    "		type filter hook prerouting priority -150; policy accept;\n"
    "		iifname @homes ip6 daddr fe80::/10 meta pkttype host fib daddr . iif type != local"
    " counter reject with icmpv6 type addr-unreachable\n"
    "	}\n"
    "	chain quiet {\n"
    "		type filter hook output priority 0; policy accept;\n"
    "		oifname @links icmpv6 type nd-redirect counter drop\n"
    "		ip6 saddr @own icmpv6 type destination-unreachable"
    " icmpv6 code port-unreachable @th,112,8 41 counter drop\n"
    "	}\n"
    "}\n";

struct tun *
tun_find(const struct portable *dp, const struct in6_addr *local, const struct in6_addr *remote)
{
	const struct kobj_tunnel ends = { .local = *local, .remote = *remote };
	struct tun *t;

	HASH_FIND(by_ends, dp->by_ends, &ends, sizeof(ends), t);
	return t;
}

static struct tun *
find_index(const struct portable *dp, unsigned index)
{
	struct tun *t;

	HASH_FIND(by_index, dp->by_index, &index, sizeof(index), t);
	return t;
}

/* ---- the local end: a raw socket, shared by the tunnels that begin there ---- */

struct option {
	int level, name, value;
};

static int
set_options(int fd, const struct option *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (setsockopt(fd, v[i].level, v[i].name, &v[i].value, sizeof(v[i].value)) < 0)
			return -errno;
	}
	return 0;
}

/* Free binding: a tunnel may be wanted a moment before its address is through DAD. */
static int
endpoint_socket(const struct kern *k, const struct in6_addr *addr, int *ret_fd)
{
	const struct option options[] = {
		{ SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_OCTETS },
		{ SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_OCTETS },
		{ IPPROTO_IPV6, IPV6_FREEBIND, 1 },
		{ IPPROTO_IPV6, IPV6_RECVTCLASS, 1 },
		{ IPPROTO_IPV6, IPV6_RECVERR, 1 }, /* and the kernel learns the path MTU */
		{ IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0 },
		{ IPPROTO_IPV6, IPV6_UNICAST_HOPS,
		    k->opts.hop_limit ? k->opts.hop_limit : HOP_LIMIT },
	};
	const struct sockaddr_in6 bound = { .sin6_family = AF_INET6, .sin6_addr = *addr };
	int r, fd;

	fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_IPV6);
	if (fd < 0)
		return -errno;
	r = set_options(fd, options, countof(options));
	if (r == 0 && bind(fd, (const struct sockaddr *)&bound, sizeof(bound)) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	else
		*ret_fd = fd;
	return r;
}

static int
endpoint_get(struct portable *dp, const struct in6_addr *addr, struct tun_endpoint **ret_e)
{
	struct tun_endpoint *e;
	int r;

	LL_FOREACH(dp->endpoints, e)
	{
		if (!ip6_equal(&e->addr, addr))
			continue;
		e->users++;
		*ret_e = e;
		return 0;
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	r = endpoint_socket(dp->k, addr, &e->fd);
	if (r < 0) {
		free(e);
		return r;
	}
	e->dp = dp;
	e->addr = *addr;
	e->users = 1;
	ev_io_init(&e->io, tun_on_endpoint, e->fd, EV_READ);
	ev_io_start(dp->k->loop, &e->io);
	LL_PREPEND(dp->endpoints, e);
	*ret_e = e;
	return 0;
}

static void
endpoint_put(struct tun_endpoint *e)
{
	if (!e || --e->users > 0)
		return;
	LL_DELETE(e->dp->endpoints, e);
	ev_io_stop(e->dp->k->loop, &e->io);
	close(e->fd);
	free(e);
}

/* ---- the device ---- */

/* A TUN sends to nobody but us: without these the kernel would greet its neighbours. */
static int
device_configure(struct tun *t, unsigned index)
{
	struct kern *k = t->dp->k;
	char alias[KERN_ALIAS_MAX];
	struct kern_link_change change = {
		.alias = kern_alias(k, &t->ends, alias),
		.mtu = kern_mtu_fitting(&t->ends),
		.queue = QUEUE_PACKETS,
		.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE,
	};
	const struct kern_link_change up = { .addr_gen_mode = -1, .up = true };
	int r;

	r = kern_link_set(k, index, &change);
	if (r < 0)
		return r;
	t->mtu.octets = change.mtu;
	kern_link_quieten(k, t->dev);
	return kern_link_set(k, index, &up);
}

static int
device_make(struct tun *t, unsigned *ret_index)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	t->fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0)
		return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
	strncpy(ifr.ifr_name, "hp%d", IFNAMSIZ - 1); /* the kernel puts in a number */
	if (ioctl(t->fd, TUNSETIFF, &ifr) < 0)
		return -errno;
	memcpy(t->dev, ifr.ifr_name, sizeof(t->dev));
	*ret_index = kern_link_index(t->dp->k, t->dev);
	return *ret_index == 0 ? -ENODEV : 0;
}

/* False once somebody has deleted the device under us. */
static bool
device_is_there(int fd)
{
	struct ifreq ifr;

	return ioctl(fd, TUNGETIFF, &ifr) == 0;
}

static bool
take_spare(struct tun *t, unsigned *ret_index)
{
	struct portable *dp = t->dp;
	uint8_t *stale = dp->slots;

	while (dp->spares_n > 0) {
		const struct tun_spare *s = &dp->spares[--dp->spares_n];

		if (!device_is_there(s->fd)) {
			close(s->fd);
			continue;
		}
		/* What a stray route has sent there meanwhile belongs to nobody. */
		for (int i = 0; i < QUEUE_PACKETS && read(s->fd, stale, TUN_PACKET_MAX) >= 0; i++)
			continue;
		t->fd = s->fd;
		memcpy(t->dev, s->dev, sizeof(t->dev));
		*ret_index = s->index;
		return true;
	}
	return false;
}

static bool
give_spare(struct tun *t)
{
	struct portable *dp = t->dp;
	char alias[KERN_ALIAS_MAX];
	struct kern_link_change change = KERN_LINK_SAME;
	struct tun_spare *s = &dp->spares[dp->spares_n];

	if (dp->spares_n == TUN_SPARES || !device_is_there(t->fd))
		return false;
	change.alias = kern_alias(dp->k, NULL, alias);
	if (kern_link_set(dp->k, t->index, &change) < 0)
		return false;
	s->fd = t->fd;
	s->index = t->index;
	memcpy(s->dev, t->dev, sizeof(s->dev));
	dp->spares_n++;
	return true;
}

static void
drop_spares(struct portable *dp)
{
	while (dp->spares_n > 0)
		close(dp->spares[--dp->spares_n].fd);
}

static void
device_close(struct tun *t)
{
	struct portable *dp = t->dp;

	ev_io_stop(dp->k->loop, &t->io);
	if (t->index != 0) {
		kern_mtu_forget(dp->k, &t->mtu);
		HASH_DELETE(by_index, dp->by_index, t);
	}
	if (t->fd >= 0 && (t->index == 0 || !give_spare(t)))
		close(t->fd);
	t->index = 0;
	t->fd = -1;
}

static int
device_open(struct tun *t)
{
	struct portable *dp = t->dp;
	unsigned index = 0;
	int r = 0;

	if (!take_spare(t, &index))
		r = device_make(t, &index);
	if (r == 0)
		r = device_configure(t, index);
	if (r < 0) {
		device_close(t);
		return r;
	}
	t->index = index;
	HASH_ADD(by_index, dp->by_index, index, sizeof(t->index), t);
	if (!t->by_index.tbl) {
		t->index = 0;
		device_close(t);
		return -ENOMEM;
	}
	t->mtu.index = index;
	kern_mtu_watch(dp->k, &t->mtu);
	ev_io_set(&t->io, t->fd, EV_READ);
	ev_io_start(dp->k->loop, &t->io);
	return 0;
}

static void
tun_free(struct tun *t)
{
	device_close(t);
	endpoint_put(t->local);
	kern_pass_done(&t->pass);
	free(t);
}

static void
tun_remove(struct tun *t)
{
	HASH_DELETE(by_ends, t->dp->by_ends, t);
	tun_free(t);
}

static int
tun_new(struct portable *dp, const struct kobj_tunnel *ends)
{
	char local[TEXT_ADDR_MAX], remote[TEXT_ADDR_MAX];
	struct tun *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->dp = dp;
	t->ends = *ends;
	t->mtu.ends = *ends;
	t->fd = -1;
	ev_init(&t->io, tun_on_device);
	kern_pass_init(&t->pass);
	r = endpoint_get(dp, &ends->local, &t->local);
	if (r == 0)
		r = device_open(t);
	if (r < 0) {
		tun_free(t);
		return r;
	}
	HASH_ADD(by_ends, dp->by_ends, ends, sizeof(t->ends), t);
	if (!t->by_ends.tbl) {
		tun_free(t);
		return -ENOMEM;
	}
	log_info("kern", "tunnel open", "dev=%s local=%s remote=%s mtu_octets=%u", t->dev,
	    text_addr(&ends->local, local), text_addr(&ends->remote, remote), t->mtu.octets);
	return 0;
}

/* ---- kern_datapath_ops ---- */

static int
set_tunnel(struct portable *dp, const struct kobj_tunnel *ends)
{
	struct tun *t = tun_find(dp, &ends->local, &ends->remote);

	if (t && device_is_there(t->fd))
		return 0;
	/* RFC 2473 4.1.2: not to ourselves. */
	if (ip6_equal(&ends->local, &ends->remote) || kern_is_own(dp->k, &ends->remote))
		return -ELOOP;
	if (!t)
		return tun_new(dp, ends);
	device_close(t);
	return device_open(t);
}

static int
set(struct kern *k, const struct kobj *o)
{
	struct tun *t;

	if (o->kind == KOBJ_TUNNEL)
		return set_tunnel(k->portable, &o->tunnel);
	t = tun_find(k->portable, &o->pass.tunnel.local, &o->pass.tunnel.remote);
	return t ? kern_pass_set(&t->pass, &o->pass) : -ENODEV;
}

static int
clear(struct kern *k, const struct kobj *o)
{
	const struct kobj_tunnel *ends = o->kind == KOBJ_TUNNEL ? &o->tunnel : &o->pass.tunnel;
	struct tun *t = tun_find(k->portable, &ends->local, &ends->remote);

	if (!t)
		return 0;
	if (o->kind == KOBJ_PASS) {
		kern_pass_clear(&t->pass, &o->pass);
		return 0;
	}
	log_info("kern", "tunnel closed", "dev=%s", t->dev);
	tun_remove(t);
	if (!k->portable->by_ends)
		drop_spares(k->portable); /* nobody's packets wait for it */
	return 0;
}

static void
dump(struct kern *k, struct plan *ret_found)
{
	struct tun *t, *next;

	HASH_ITER (by_ends, k->portable->by_ends, t, next) {
		if (device_is_there(t->fd))
			plan_tunnel(ret_found, &t->ends);
		kern_pass_dump(&t->pass, &t->ends, ret_found);
	}
}

static unsigned
index_of(const struct kern *k, const struct kobj_tunnel *ends)
{
	const struct tun *t = tun_find(k->portable, &ends->local, &ends->remote);

	return t ? t->index : 0;
}

static bool
ends_of(const struct kern *k, unsigned index, struct kobj_tunnel *ret_ends)
{
	const struct tun *t = find_index(k->portable, index);

	if (t)
		*ret_ends = t->ends;
	return t != NULL;
}

static int
info(const struct kern *k, const struct kobj_tunnel *ends, struct kern_tunnel_info *ret_info)
{
	const struct tun *t = tun_find(k->portable, &ends->local, &ends->remote);

	if (!t)
		return -ENODEV;
	*ret_info = (struct kern_tunnel_info){
		.mtu = t->mtu.octets,
		.in_packets = t->in_packets,
		.in_octets = t->in_octets,
		.out_packets = t->out_packets,
		.out_octets = t->out_octets,
		.in_dropped = t->in_dropped,
		.out_dropped = t->out_dropped,
	};
	memcpy(ret_info->dev, t->dev, sizeof(ret_info->dev));
	return 0;
}

static int
portable_open(struct kern *k)
{
	struct portable *dp;
	void *slots;

	if (access(TUN_PATH, R_OK | W_OK) < 0)
		return errno == EACCES ? -EPERM : -ENODEV;
	dp = calloc(1, sizeof(*dp));
	if (!dp)
		return -ENOMEM;
	slots = mmap(NULL, (size_t)TUN_BATCH * TUN_PACKET_MAX, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slots == MAP_FAILED) {
		free(dp);
		return -ENOMEM;
	}
	dp->k = k;
	dp->slots = slots;
	k->portable = dp;
	kern_ip6tnl_sweep(k); /* they would take the packets that we are to take */
	return 0;
}

static void
portable_close(struct kern *k)
{
	struct portable *dp = k->portable;
	struct tun *t, *next;

	if (!dp)
		return;
	HASH_ITER (by_ends, dp->by_ends, t, next)
		tun_remove(t);
	drop_spares(dp);
	munmap(dp->slots, (size_t)TUN_BATCH * TUN_PACKET_MAX);
	free(dp);
	k->portable = NULL;
}

const struct kern_datapath_ops kern_portable_ops = {
	.name = "portable",
	.filter = filter,
	.fragments = true,
	.open = portable_open,
	.close = portable_close,
	.set = set,
	.clear = clear,
	.dump = dump,
	.index_of = index_of,
	.ends_of = ends_of,
	.info = info,
};
