/*
 * kern_mtu.c - path MTUs of tunnels, and the MTUs of their devices (see kern_int.h).
 *
 * The kernel's own figure, asked by a connected socket when a tunnel is made, when an
 * ICMPv6 error says so, when links change and every half minute. So a lower one takes
 * hold at once, and a higher one soon after the kernel forgets the lower (10 min).
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/sys/kern_link.h"
#include "common/sys/tunnel.h"

#define PATH_MTU_UNKNOWN 1500
#define PACKET_MAX 65535
#define SOON_S 0.2
#define TOLD_S 0.02 /* the kernel may hand us an ICMPv6 error before it has learnt from it */
#define EVERY_S 30.

/* What the kernel knows of the path, learnt values included. */
static uint32_t
path_mtu(const struct kobj_tunnel *ends)
{
	const struct sockaddr_in6 local = { .sin6_family = AF_INET6, .sin6_addr = ends->local };
	const struct sockaddr_in6 remote = {
		.sin6_family = AF_INET6,
		.sin6_addr = ends->remote,
		.sin6_port = htons(9), /* nothing is sent */
	};
	int mtu = PATH_MTU_UNKNOWN, fd;
	socklen_t len = sizeof(mtu);

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return PATH_MTU_UNKNOWN;
	if (bind(fd, (const struct sockaddr *)&local, sizeof(local)) < 0 ||
	    connect(fd, (const struct sockaddr *)&remote, sizeof(remote)) < 0 ||
	    getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &len) < 0)
		mtu = PATH_MTU_UNKNOWN; /* no address or no route yet: asked again soon */
	close(fd);
	return mtu < 0 ? PATH_MTU_UNKNOWN : (uint32_t)mtu;
}

/* What fits into the tunnel, and into an outer packet. */
uint32_t
kern_mtu_fitting(const struct kobj_tunnel *ends)
{
	uint32_t mtu = tunnel_mtu(path_mtu(ends));

	return mtu > PACKET_MAX - IP6_HEADER_OCTETS ? PACKET_MAX - IP6_HEADER_OCTETS : mtu;
}

/* RFC 2473 7.1 wants 1280 octets to get through, in fragments if need be. */
static void
warn_of_narrow_path(const struct kern *k, const struct kobj_tunnel *ends)
{
	uint32_t mtu = path_mtu(ends);
	char text[TEXT_ADDR_MAX];

	if (k->ops->fragments || mtu >= IP6_MIN_MTU + IP6_HEADER_OCTETS)
		return;
	log_limited(LOG_LEVEL_WARN, "kern",
	    "packets may be lost: the path is too narrow for this datapath",
	    "remote=%s path_octets=%u datapath=%s try=portable", text_addr(&ends->remote, text),
	    mtu, k->ops->name);
}

static void
refresh(struct kern *k, struct kern_mtu *m)
{
	struct kern_link_change change = KERN_LINK_SAME;
	struct kern_event e = { .kind = KERN_TUNNEL };
	int r;

	m->stale = false;
	change.mtu = kern_mtu_fitting(&m->ends);
	if (change.mtu == m->octets)
		return;
	r = kern_link_set(k, m->index, &change);
	if (r < 0) {
		log_debug("kern", "cannot follow the path MTU",
		    "index=%u mtu_octets=%u error=\"%s\"", m->index, change.mtu, strerror(-r));
		return; /* its device is gone, or it is asked again in half a minute */
	}
	log_debug("kern", "tunnel MTU changed", "index=%u mtu_octets=%u", m->index, change.mtu);
	m->octets = change.mtu;
	warn_of_narrow_path(k, &m->ends);
	kern_count(k, KERN_COUNT_PATH_MTU);
	e.tunnel.ends = m->ends;
	e.tunnel.mtu = m->octets;
	kern_emit(k, &e);
}

/*
 * The callback of an event may open and close tunnels, so the walk begins anew after
 * each; the flag makes it end.
 */
static void
on_soon(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	struct kern *k = container_of(w, struct kern, mtus.soon);
	struct kern_mtu *m;

	(void)loop;
	(void)revents;
	do {
		for (m = k->mtus.first; m && !m->stale;)
			m = m->next;
		if (m)
			refresh(k, m);
	} while (m);
}

static void
stale_in(struct kern *k, double s)
{
	if (ev_is_active(&k->mtus.soon))
		return;
	ev_timer_set(&k->mtus.soon, s, 0.);
	ev_timer_start(k->loop, &k->mtus.soon);
}

void
kern_mtu_stale(struct kern *k, struct kern_mtu *m)
{
	m->stale = true;
	ev_timer_stop(k->loop, &k->mtus.soon); /* it may be set for later */
	stale_in(k, 0.);
}

void
kern_mtu_told(struct kern *k, const struct in6_addr *local, const struct in6_addr *remote)
{
	struct kern_mtu *m;

	DL_FOREACH(k->mtus.first, m)
	{
		if (!ip6_equal(&m->ends.local, local) || !ip6_equal(&m->ends.remote, remote))
			continue;
		m->stale = true;
		stale_in(k, TOLD_S);
	}
}

void
kern_mtu_all_stale(struct kern *k)
{
	struct kern_mtu *m;

	DL_FOREACH(k->mtus.first, m)
	m->stale = true;
	if (k->mtus.first)
		stale_in(k, SOON_S);
}

static void
on_every(struct ev_loop *loop, struct ev_timer *w, int revents)
{
	(void)loop;
	(void)revents;
	kern_mtu_all_stale(container_of(w, struct kern, mtus.every));
}

void
kern_mtu_watch(struct kern *k, struct kern_mtu *m)
{
	m->stale = false;
	warn_of_narrow_path(k, &m->ends);
	DL_APPEND(k->mtus.first, m);
}

void
kern_mtu_forget(struct kern *k, struct kern_mtu *m)
{
	DL_DELETE(k->mtus.first, m);
}

void
kern_mtu_open(struct kern *k)
{
	ev_init(&k->mtus.soon, on_soon);
	ev_timer_init(&k->mtus.every, on_every, EVERY_S, EVERY_S);
	ev_timer_start(k->loop, &k->mtus.every);
}

void
kern_mtu_close(struct kern *k)
{
	ev_timer_stop(k->loop, &k->mtus.soon);
	ev_timer_stop(k->loop, &k->mtus.every);
}
