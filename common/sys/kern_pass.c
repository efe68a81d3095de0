/* kern_pass.c - see kern_pass.h */
#include "common/sys/kern_pass.h"

#include <errno.h>
#include <stdlib.h>

struct entry { /* what a trie holds for a prefix; owned by it */
	bool late;
};

void
kern_pass_init(struct kern_pass *p)
{
	trie_init(&p->side[KOBJ_SOURCE]);
	trie_init(&p->side[KOBJ_DESTINATION]);
}

void
kern_pass_done(struct kern_pass *p)
{
	trie_done_values(&p->side[KOBJ_SOURCE]);
	trie_done_values(&p->side[KOBJ_DESTINATION]);
}

int
kern_pass_set(struct kern_pass *p, const struct kobj_pass *o)
{
	struct trie *t = &p->side[o->side];
	struct entry *e = trie_get(t, &o->prefix);
	int r;

	if (e) {
		e->late = o->late;
		return 0;
	}
	e = malloc(sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->late = o->late;
	r = trie_add(t, &o->prefix, e);
	if (r < 0)
		free(e);
	return r;
}

void
kern_pass_clear(struct kern_pass *p, const struct kobj_pass *o)
{
	free(trie_remove(&p->side[o->side], &o->prefix));
}

enum kern_pass_verdict
kern_pass_check(const struct kern_pass *p, const struct in6_addr *src, const struct in6_addr *dst)
{
	const struct ip6_prefix from = ip6_host(src), to = ip6_host(dst);
	const struct entry *by_source = trie_longest(&p->side[KOBJ_SOURCE], &from);
	const struct entry *by_destination;

	if (by_source && !by_source->late)
		return KERN_PASS_OK;
	by_destination = trie_longest(&p->side[KOBJ_DESTINATION], &to);
	if (by_destination && !by_destination->late)
		return KERN_PASS_OK;
	if (by_source || by_destination)
		return KERN_PASS_LATE;
	return p->side[KOBJ_SOURCE].n > 0 ? KERN_PASS_REFUSE_SOURCE : KERN_PASS_REFUSE_DESTINATION;
}

struct walk {
	struct plan *found;
	struct kobj o;
};

static bool
add_entry(void *ctx, const struct ip6_prefix *prefix, void *value)
{
	struct walk *w = ctx;
	const struct entry *e = value;

	w->o.pass.prefix = *prefix;
	w->o.pass.late = e->late;
	plan_add(w->found, &w->o);
	return true;
}

void
kern_pass_dump(const struct kern_pass *p, const struct kobj_tunnel *ends, struct plan *ret_found)
{
	const struct ip6_prefix all = { 0 };
	struct walk w = { .found = ret_found };

	w.o.kind = KOBJ_PASS;
	w.o.pass.tunnel = *ends;
	for (int side = KOBJ_SOURCE; side <= KOBJ_DESTINATION; side++) {
		w.o.pass.side = (enum kobj_side)side;
		trie_overlaps(&p->side[side], &all, add_entry, &w);
	}
}
