/* kern_guard.c - see kern_guard.h */
#include "common/sys/kern_guard.h"

#include <errno.h>
#include <stdlib.h>

struct entry { /* what a trie holds for a prefix; owned by it */
	bool shown;
};

static enum kern_guard_set
set_of(const struct kobj_pass *o)
{
	if (o->side == KOBJ_SOURCE)
		return o->late ? KERN_GUARD_SOURCE_LATE : KERN_GUARD_ROUTED;
	return o->late ? KERN_GUARD_DESTINATION_LATE : KERN_GUARD_DESTINATION;
}

void
kern_guard_init(struct kern_guard *g)
{
	for (int set = 0; set < KERN_GUARD_SETS; set++)
		trie_init(&g->set[set]);
}

void
kern_guard_done(struct kern_guard *g)
{
	for (int set = 0; set < KERN_GUARD_SETS; set++)
		trie_done_values(&g->set[set]);
}

/* Is there a shorter prefix that covers p? */
static bool
is_nested(const struct trie *t, const struct ip6_prefix *p)
{
	struct ip6_prefix shorter = *p;

	if (p->len == 0)
		return false;
	shorter.len--;
	shorter.addr.s6_addr[shorter.len / 8] &= (uint8_t)(0xff00 >> shorter.len % 8);
	return trie_longest(t, &shorter) != NULL;
}

struct change {
	const struct trie *t;
	enum kern_guard_set set;
	const struct ip6_prefix *at;
	kern_guard_fn *fn;
	void *ctx;
};

static void
show(const struct change *c, const struct ip6_prefix *p, struct entry *e, bool on)
{
	e->shown = on;
	if (c->set != KERN_GUARD_ROUTED)
		c->fn(c->ctx, c->set, p, on);
}

static bool
hide_nested(void *ctx, const struct ip6_prefix *p, void *value)
{
	const struct change *c = ctx;
	struct entry *e = value;

	if (e->shown && p->len > c->at->len)
		show(c, p, e, false);
	return true;
}

static bool
show_outermost(void *ctx, const struct ip6_prefix *p, void *value)
{
	const struct change *c = ctx;
	struct entry *e = value;

	if (!e->shown && p->len > c->at->len && !is_nested(c->t, p))
		show(c, p, e, true);
	return true;
}

static void
drop(struct kern_guard *g, enum kern_guard_set set, const struct ip6_prefix *p, kern_guard_fn *fn,
    void *ctx)
{
	struct change c = { .t = &g->set[set], .set = set, .at = p, .fn = fn, .ctx = ctx };
	struct entry *e = trie_remove(&g->set[set], p);

	if (!e)
		return;
	if (e->shown) {
		show(&c, p, e, false);
		trie_overlaps(&g->set[set], p, show_outermost, &c);
	}
	free(e);
}

int
kern_guard_set(struct kern_guard *g, const struct kobj_pass *o, kern_guard_fn *fn, void *ctx)
{
	enum kern_guard_set set = set_of(o);
	struct trie *t = &g->set[set];
	struct change c = { .t = t, .set = set, .at = &o->prefix, .fn = fn, .ctx = ctx };
	struct kobj_pass other = *o;
	struct entry *e;
	int r;

	if (trie_get(t, &o->prefix))
		return 0;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	r = trie_add(t, &o->prefix, e);
	if (r < 0) {
		free(e);
		return r;
	}
	other.late = !o->late;
	drop(g, set_of(&other), &o->prefix, fn, ctx);
	if (is_nested(t, &o->prefix))
		return 0;
	trie_overlaps(t, &o->prefix, hide_nested, &c);
	show(&c, &o->prefix, e, true);
	return 0;
}

void
kern_guard_clear(struct kern_guard *g, const struct kobj_pass *o, kern_guard_fn *fn, void *ctx)
{
	struct kobj_pass pass = *o;

	pass.late = false; /* lateness is no part of the key */
	drop(g, set_of(&pass), &o->prefix, fn, ctx);
	pass.late = true;
	drop(g, set_of(&pass), &o->prefix, fn, ctx);
}

struct walk {
	enum kern_guard_set set;
	bool on;
	kern_guard_fn *fn;
	void *ctx;
};

static bool
tell_shown(void *ctx, const struct ip6_prefix *p, void *value)
{
	const struct walk *w = ctx;
	const struct entry *e = value;

	if (e->shown)
		w->fn(w->ctx, w->set, p, w->on);
	return true;
}

void
kern_guard_each(const struct kern_guard *g, bool on, kern_guard_fn *fn, void *ctx)
{
	const struct ip6_prefix all = { 0 };
	struct walk w = { .on = on, .fn = fn, .ctx = ctx };

	for (int set = KERN_GUARD_ROUTED + 1; set < KERN_GUARD_SETS; set++) {
		w.set = (enum kern_guard_set)set;
		trie_overlaps(&g->set[set], &all, tell_shown, &w);
	}
}

bool
kern_guard_is_by_source(const struct kern_guard *g)
{
	return g->set[KERN_GUARD_ROUTED].n + g->set[KERN_GUARD_SOURCE_LATE].n > 0;
}

struct dump {
	struct plan *found;
	struct kobj o;
};

static bool
add_pass(void *ctx, const struct ip6_prefix *p, void *value)
{
	struct dump *d = ctx;

	(void)value;
	d->o.pass.prefix = *p;
	plan_add(d->found, &d->o);
	return true;
}

void
kern_guard_dump(const struct kern_guard *g, const struct kobj_tunnel *ends, struct plan *ret_found)
{
	const struct ip6_prefix all = { 0 };
	struct dump d = { .found = ret_found };

	d.o.kind = KOBJ_PASS;
	d.o.pass.tunnel = *ends;
	for (int set = 0; set < KERN_GUARD_SETS; set++) {
		d.o.pass.side = set == KERN_GUARD_ROUTED || set == KERN_GUARD_SOURCE_LATE
				    ? KOBJ_SOURCE
				    : KOBJ_DESTINATION;
		d.o.pass.late = set == KERN_GUARD_SOURCE_LATE || set == KERN_GUARD_DESTINATION_LATE;
		trie_overlaps(&g->set[set], &all, add_pass, &d);
	}
}
