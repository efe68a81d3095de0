/*
 * kern_tun.h - the portable datapath's own structures: a TUN per tunnel, a raw socket
 * of protocol 41 per local address.
 *
 * Layer: sys, private to kern_tun*.c.
 */
#pragma once

#include <sys/socket.h>

#define HASH_NONFATAL_OOM 1 /* then the item's .tbl is NULL, and it is not in */
#include <uthash.h>

#include "common/sys/kern_int.h"
#include "common/sys/kern_pass.h"

/*
 * One batch per wake-up of a watcher goes through these slots. The pages of a slot are
 * ours only as far as packets have been that long: of packets of 1500 octets one each.
 */
#define TUN_BATCH 16
#define TUN_PACKET_MAX 65536
#define TUN_CMSG_OCTETS 64
#define TUN_BATCHES 4 /* per wake-up: then others have their turn */

struct tun_endpoint { /* a local address */
	struct portable *dp;
	struct in6_addr addr;
	int fd;
	struct ev_io io;
	unsigned users; /* tunnels that begin here */
	struct tun_endpoint *next;
};

struct tun {
	struct kobj_tunnel ends; /* key of by_ends */
	struct portable *dp;
	struct tun_endpoint *local;
	char dev[KOBJ_DEV_MAX];
	unsigned index; /* key of by_index */
	int fd;
	struct ev_io io;
	struct kern_mtu mtu;
	struct kern_pass pass;
	uint64_t in_packets, in_octets, out_packets, out_octets, in_dropped, out_dropped;
	UT_hash_handle by_ends, by_index;
};

/*
 * A device without a tunnel. Closing one makes the kernel wait for all its processors,
 * 10 to 70 ms in which no packet of any tunnel would move: so a few are kept for the
 * next, as long as there is another tunnel to be held up.
 */
#define TUN_SPARES 8

struct tun_spare {
	int fd;
	unsigned index;
	char dev[KOBJ_DEV_MAX];
};

struct portable {
	struct kern *k;
	struct tun_spare spares[TUN_SPARES];
	size_t spares_n;
	struct tun *by_ends, *by_index; /* heads; the first owns */
	struct tun_endpoint *endpoints;
	/* RFC 4443 2.4 f: how many errors we may send yet, and when that was so. */
	double errors_left, errors_at;
	uint8_t *slots; /* TUN_BATCH of TUN_PACKET_MAX octets */
	struct mmsghdr msgs[TUN_BATCH];
	struct iovec iovs[TUN_BATCH];
	struct sockaddr_in6 addrs[TUN_BATCH];
	union {
		struct cmsghdr align;
		uint8_t octets[TUN_CMSG_OCTETS];
	} cmsgs[TUN_BATCH];
};

/* ---- kern_tun.c ---- */

struct tun *tun_find(
    const struct portable *dp, const struct in6_addr *local, const struct in6_addr *remote);

/* ---- kern_tun_io.c ---- */

void tun_on_device(struct ev_loop *loop, struct ev_io *w, int revents);
void tun_on_endpoint(struct ev_loop *loop, struct ev_io *w, int revents);

/* ---- kern_tun_error.c ---- */

/* Take what the socket's error queue holds: ICMPv6 errors about outer packets. */
void tun_drain_errors(struct tun_endpoint *e);
/* Tell the source of a packet that it cannot go through, within the limit of rate. */
struct tunnel_error;
void tun_answer(struct tun *t, const struct tunnel_error *error, const uint8_t *p, size_t n);
