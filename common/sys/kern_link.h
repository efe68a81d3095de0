/*
 * kern_link.h - a link's own properties, and the addresses on it.
 *
 * Layer: sys, private to kern*.c.
 */
#pragma once

#include "common/sys/kern_int.h"

/* What to change; each field has a value that leaves it alone. */
struct kern_link_change {
	const char *alias;	  /* NULL */
	const struct nd_mac *mac; /* NULL */
	uint32_t mtu;		  /* 0 */
	uint32_t queue;		  /* 0; packets */
	uint32_t group;		  /* 0 */
	int addr_gen_mode;	  /* -1; IN6_ADDR_GEN_MODE_* */
	bool up;		  /* false leaves it alone */
};
#define KERN_LINK_SAME              \
	{                           \
		.addr_gen_mode = -1 \
	}

int kern_link_set(struct kern *k, unsigned index, const struct kern_link_change *change);

struct kern_link_info {
	struct nd_mac mac;
	uint32_t mtu;
	int addr_gen_mode; /* -1: the kernel does not say */
};
int kern_link_get(struct kern *k, unsigned index, struct kern_link_info *ret_info);

bool kern_link_is_up(const struct kern *k, unsigned index);
/* A tunnel takes no router advertisements, and has IPv6 whatever the default says. */
void kern_link_quieten(struct kern *k, const char *dev);

/* An address with its prefix, no DAD, nobody's mark: a setting (kern.h), not an object. */
int kern_link_address(
    struct kern *k, unsigned index, const struct in6_addr *addr, uint8_t len, bool present);

/* Call fn for every IPv6 address on a link; index 0: on all. */
struct kern_link_addr {
	struct in6_addr addr;
	unsigned index;
	uint8_t len;
	uint8_t scope;	/* RT_SCOPE_* */
	uint32_t flags; /* IFA_F_* */
	uint8_t mark;
};
typedef void kern_link_addr_fn(void *ctx, const struct kern_link_addr *a);
int kern_link_each_address(struct kern *k, unsigned index, kern_link_addr_fn *fn, void *ctx);
