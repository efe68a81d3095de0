/* ha_due.c - see ha_due.h. */
#include "had/ha_due.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "had/ha_bind.h"

static void
put(struct ha_due *d, size_t at, struct ha_bind *b)
{
	d->v[at] = b;
	b->slot = at;
}

/* Move the binding at `at` to where its instant belongs. */
static void
settle(struct ha_due *d, size_t at)
{
	struct ha_bind *b = d->v[at];

	while (at > 0 && mono_before(b->due, d->v[(at - 1) / 2]->due)) {
		put(d, at, d->v[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (size_t child; (child = 2 * at + 1) < d->n; at = child) {
		if (child + 1 < d->n && mono_before(d->v[child + 1]->due, d->v[child]->due))
			child++;
		if (!mono_before(d->v[child]->due, b->due))
			break;
		put(d, at, d->v[child]);
	}
	put(d, at, b);
}

static void
take_out(struct ha_due *d, struct ha_bind *b)
{
	struct ha_bind *last = d->v[--d->n];

	if (last != b) {
		put(d, b->slot, last);
		settle(d, last->slot);
	}
	b->slot = HA_DUE_NONE;
}

int
ha_due_reserve(struct ha_due *d, size_t n)
{
	size_t cap = d->cap ? 2 * d->cap : 16;
	struct ha_bind **v;

	if (n <= d->cap)
		return 0;
	if (cap < n)
		cap = n;
	v = realloc(d->v, cap * sizeof(struct ha_bind *));
	if (!v)
		return -ENOMEM;
	d->v = v;
	d->cap = cap;
	return 0;
}

void
ha_due_set(struct ha_due *d, struct ha_bind *b, mono_t when)
{
	b->due = when;
	if (when.ms == MONO_NEVER.ms) {
		if (b->slot != HA_DUE_NONE)
			take_out(d, b);
		return;
	}
	if (b->slot == HA_DUE_NONE) {
		assert(d->n < d->cap);
		put(d, d->n++, b);
	}
	settle(d, b->slot);
}

struct ha_bind *
ha_due_first(const struct ha_due *d)
{
	return d->n ? d->v[0] : NULL;
}

void
ha_due_done(struct ha_due *d)
{
	free(d->v);
	*d = (struct ha_due){ 0 };
}
