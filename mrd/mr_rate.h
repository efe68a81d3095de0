/*
 * mr_rate.h - how many Binding Updates may go out in a second.
 *
 * Source: RFC 6275 11.8 (MAX_UPDATE_RATE); requirement M-43.
 * Layer:  core.
 */
#pragma once

#include "common/base/mono.h"

#define MR_RATE_MAX 3 /* a second */

struct mr_rate {		    /* all zero: none so far */
	mono_t recent[MR_RATE_MAX]; /* when the last ones went, a ring */
	unsigned at, n;
};

/* When the next one may go: now, or later. */
static inline mono_t
mr_rate_clear(const struct mr_rate *r, mono_t now)
{
	return r->n < MR_RATE_MAX ? now : mono_add_ms(r->recent[r->at], 1000);
}

/* One goes now. */
static inline void
mr_rate_count(struct mr_rate *r, mono_t now)
{
	r->recent[r->at] = now;
	r->at = (r->at + 1) % MR_RATE_MAX;
	if (r->n < MR_RATE_MAX)
		r->n++;
}

/* When the last one went; MONO_NEVER if none did. */
static inline mono_t
mr_rate_last(const struct mr_rate *r)
{
	return r->n > 0 ? r->recent[(r->at + MR_RATE_MAX - 1) % MR_RATE_MAX] : MONO_NEVER;
}
