/*
 * mr_core.h - inside of the core: what mr.c (guests, words, time), mr_signal.c
 * (Mobility Headers) and mr_radv.c (frames to guests) share.
 *
 * Layer: core, private.
 */
#pragma once

#include "mrd/mr.h"

#define MR_RETRY_MS 1000    /* the kernel refused a plan: so long until the next try */
#define MR_ANSWER_TOKENS 10 /* Binding Errors and Parameter Problems a second; ours */

struct mr {
	const struct mr_ops *ops;
	void *ctx;
	struct want *want;

	struct mr_conf conf; /* without its guests */
	struct mr_reg_conf reg_conf;
	struct mr_host host;
	mono_t late_over; /* when host.late_careof is forgotten */
	struct mr_guests guests;

	struct plan next; /* scratch of apply() */
	uint32_t random;  /* xorshift32; never 0 */
	unsigned answer_tokens;
	mono_t answer_refilled;
	uint64_t count[MR_COUNTS];
};

extern const struct mr_reg_ops mr_reg_ops; /* mr_signal.c */

/* At the end of every call: plans that changed go to the kernel, the timer is set. */
void mr_settle(struct mr *mr, const struct tick *now);
void mr_dropped(struct mr *mr, enum mr_count count, const struct in6_addr *from);
/* The guest's Router Advertisement, to each of its MACs. */
void mr_radv_send(struct mr *mr, struct mr_guest *g);
void mr_radv_tick(struct mr *mr, struct mr_guest *g, mono_t now);
