/*
 * kern_ip6tnl.h - ip6tnl devices, one per tunnel (RFC 2473), as rtnetlink has them.
 *
 * Ours carry the daemon's mark as their group, from the message that makes them on, and
 * an alias for people. A device that a run before us left is taken over as it is.
 *
 * Layer: sys, private to kern*.c.
 */
#pragma once

#include "common/sys/kern_int.h"

struct kern_ip6tnl { /* as the kernel describes it */
	struct kobj_tunnel ends;
	char dev[KOBJ_DEV_MAX];
	unsigned index;
	uint32_t mtu;
	bool good; /* up, and with the parameters that it would get from us now */
};

struct kern_ip6tnl_stats { /* since the device was made */
	uint64_t in_packets, in_octets, out_packets, out_octets;
	uint64_t in_dropped, out_dropped;
	uint64_t ecn, loop, no_route;
};

/* NULL if such devices can be made; else why not. */
const char *kern_ip6tnl_try(struct kern *k);
/* 0, -EBUSY if a device that is not ours has these ends, or -errno. */
int kern_ip6tnl_make(struct kern *k, const struct kobj_tunnel *ends, struct kern_ip6tnl *ret_t);
int kern_ip6tnl_repair(struct kern *k, struct kern_ip6tnl *t);
int kern_ip6tnl_delete(struct kern *k, unsigned index);
int kern_ip6tnl_stats(struct kern *k, unsigned index, struct kern_ip6tnl_stats *ret_stats);
/* Call fn for each device of ours. 0 or -errno. fn must not ask the kernel anything. */
int kern_ip6tnl_each(struct kern *k, void (*fn)(void *ctx, const struct kern_ip6tnl *t), void *ctx);
/* Delete all of ours: another datapath's turn. */
void kern_ip6tnl_sweep(struct kern *k);
