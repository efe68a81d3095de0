/*
 * ha_due.h - which binding has something to do next: a binary heap of bindings.
 *
 * Intrusive: a binding knows its place (ha_bind.slot), so that changing its
 * instant is O(log n) and asking for the first is O(1).
 *
 * Layer: core.
 */
#pragma once

#include "common/base/mono.h"

#include <stddef.h>

struct ha_bind;

struct ha_due {
	struct ha_bind **v; /* owned; v[0] is the earliest */
	size_t n, cap;
};

#define HA_DUE_NONE ((size_t)-1) /* the slot of a binding that is not in the heap */

/* Make room for n in all, so that ha_due_set cannot fail. 0 or -ENOMEM. */
int ha_due_reserve(struct ha_due *d, size_t n);
/* Give b (in or not yet in the heap) this instant; MONO_NEVER takes it out. */
void ha_due_set(struct ha_due *d, struct ha_bind *b, mono_t when);
/* The earliest, or NULL. */
struct ha_bind *ha_due_first(const struct ha_due *d);
void ha_due_done(struct ha_due *d);
