/*
 * kern_xfrm.h - states and policies that let Mobile IPv6's headers in.
 *
 * Source: RFC 6275 6.3 (Home Address option), 6.4 (type 2 routing header).
 * Layer:  sys, private to kern*.c.
 */
#pragma once

#include "common/sys/kern_int.h"

struct kern_xfrm {
	struct kern *k;
	struct kern_nl nl;
	int news; /* what the kernel tells unasked */
	struct ev_io io;
};

/* NULL if this kernel knows such states and policies; else what it lacks. Leaves none behind. */
const char *kern_xfrm_try(void);
int kern_xfrm_open(struct kern_xfrm *x, struct kern *k);
/* remove: nothing of ours is left in this namespace, so these can go, too. */
void kern_xfrm_close(struct kern_xfrm *x, bool remove);
