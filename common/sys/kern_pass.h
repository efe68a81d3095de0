/*
 * kern_pass.h - what may come out of one tunnel, by source or by destination.
 *
 * Source: RFC 3963 3 and 9, RFC 6275 10.4.5 (requirements N-37, N-39, X-08).
 * Layer:  sys, but pure. Two tries: ten thousand prefixes cost a lookup no more than ten.
 */
#pragma once

#include "common/base/kobj.h"
#include "common/base/trie.h"

struct kern_pass {
	struct trie side[2]; /* by enum kobj_side */
};

enum kern_pass_verdict {
	KERN_PASS_OK,
	KERN_PASS_LATE,		      /* taken, in the grace after a move */
	KERN_PASS_REFUSE_SOURCE,      /* sources are listed; this is none of them */
	KERN_PASS_REFUSE_DESTINATION, /* only destinations are listed, or nothing is */
};

void kern_pass_init(struct kern_pass *p);
void kern_pass_done(struct kern_pass *p);

int kern_pass_set(struct kern_pass *p, const struct kobj_pass *o); /* 0 or -ENOMEM */
void kern_pass_clear(struct kern_pass *p, const struct kobj_pass *o);
enum kern_pass_verdict kern_pass_check(
    const struct kern_pass *p, const struct in6_addr *src, const struct in6_addr *dst);

/* Add an object per prefix held, as those of the tunnel with these ends. */
void kern_pass_dump(
    const struct kern_pass *p, const struct kobj_tunnel *ends, struct plan *ret_found);
