/*
 * want.c - see want.h.
 *
 * There is an entry for every key that somebody wants, and in it a wish for every
 * content asked for, with a count of who wants it; usually that is one. If owners
 * disagree, the content last asked for stands as long as anybody wants it, then
 * the one asked for before it. An object that an owner goes on wanting unchanged
 * keeps its rank.
 *
 * want_change first books the change, then asks the kernel, and only then drops
 * what is left over; so until the kernel has agreed to everything, each wish that
 * was in force still exists to be put back.
 */
#include "common/base/want.h"

#include <errno.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(e) ((e)->hh.tbl = NULL)
#include <uthash.h>

struct wish {
	struct wish *below; /* asked for earlier */
	uint32_t refs;	    /* who wants it; 0: nobody, but it is there or clearing it failed */
	uint32_t leaving;   /* refs that go if the change at hand succeeds */
	struct kobj o;
};

struct entry {
	UT_hash_handle hh;
	struct wish *top;	  /* never NULL */
	const struct wish *shown; /* what the kernel has; NULL: nothing, or we cannot say */
	uint32_t round;		  /* the last want_fix that found it */
	bool same;		  /* and found it as it should be */
	bool touched;		  /* the change at hand has a step that drops from it */
	uint8_t key[];
};

/* What the change at hand means for one entry; e is NULL if nothing. */
struct step {
	struct entry *e;
	const struct wish *before; /* in force before, if done */
	bool done;
};

struct want {
	const struct want_ops *ops;
	void *ctx;
	struct entry *entries;
	struct step *steps; /* room for the change at hand */
	size_t steps_cap;
	uint32_t round;
};

struct want *
want_new(const struct want_ops *ops, void *ctx)
{
	struct want *w = calloc(1, sizeof(*w));

	if (w) {
		w->ops = ops;
		w->ctx = ctx;
	}
	return w;
}

/* ---- entries and wishes ---- */

static struct entry *
find(const struct want *w, const struct kobj *o)
{
	uint8_t key[KOBJ_KEY_MAX];
	size_t n = kobj_key(o, key);
	struct entry *e;

	HASH_FIND(hh, w->entries, key, n, e);
	return e;
}

static void
delete_entry(struct want *w, struct entry *e)
{
	struct wish *next;

	for (struct wish *x = e->top; x; x = next) {
		next = x->below;
		free(x);
	}
	HASH_DEL(w->entries, e);
	free(e);
}

/* The wish that is in force once the change at hand is done; NULL: nobody wants it. */
static struct wish *
desired(const struct entry *e)
{
	for (struct wish *x = e->top; x; x = x->below)
		if (x->refs > x->leaving)
			return x;
	return NULL;
}

static enum kobj_kind
kind_of(const struct entry *e)
{
	return e->top->o.kind;
}

static struct wish *
new_wish(const struct kobj *o, struct wish *below)
{
	struct wish *x = malloc(sizeof(*x));

	if (x)
		*x = (struct wish){ .below = below, .refs = 1, .o = *o };
	return x;
}

static struct entry *
new_entry(struct want *w, const struct kobj *o)
{
	uint8_t key[KOBJ_KEY_MAX];
	size_t n = kobj_key(o, key);
	struct entry *e = calloc(1, sizeof(*e) + n);

	if (!e)
		return NULL;
	memcpy(e->key, key, n);
	e->top = new_wish(o, NULL);
	if (e->top)
		HASH_ADD_KEYPTR(hh, w->entries, e->key, n, e);
	if (!e->top || !e->hh.tbl) {
		free(e->top);
		free(e);
		return NULL;
	}
	return e;
}

/* One more wants o, and wants it last. NULL: no memory. */
static struct entry *
take(struct want *w, const struct kobj *o)
{
	struct entry *e = find(w, o);
	struct wish *x;

	if (!e)
		return new_entry(w, o);
	if (kobj_equal(&e->top->o, o)) {
		e->top->refs++;
		return e;
	}
	if (!desired(e) && e->top->refs == 0 && !e->shown) { /* only kept in mind */
		e->top->o = *o;
		e->top->refs = 1;
		return e;
	}
	x = new_wish(o, e->top);
	if (!x)
		return NULL;
	e->top = x;
	return e;
}

/* The exact opposite of the last take of this entry. */
static void
untake(struct want *w, struct entry *e)
{
	struct wish *x = e->top;

	if (--x->refs > 0)
		return;
	if (!x->below) {
		delete_entry(w, e);
		return;
	}
	e->top = x->below;
	free(x);
}

/* The oldest wish like o that still has somebody to lose (or, if leaving, to keep). */
static struct wish *
oldest(const struct entry *e, const struct kobj *o, bool leaving)
{
	struct wish *found = NULL;

	for (struct wish *x = e ? e->top : NULL; x; x = x->below)
		if ((leaving ? x->leaving > 0 : x->refs > x->leaving) && kobj_equal(&x->o, o))
			found = x;
	return found;
}

void
want_know(struct want *w, const struct plan *found)
{
	for (size_t i = 0; i < found->n; i++) {
		struct entry *e = find(w, &found->v[i]) ? NULL : new_entry(w, &found->v[i]);

		if (!e)
			continue;
		e->top->refs = 0;
		e->shown = e->top;
	}
}

/* ---- a change: book it ---- */

static int
make_room(struct want *w, size_t n)
{
	struct step *v;

	if (n <= w->steps_cap)
		return 0;
	v = realloc(w->steps, n * sizeof(*v));
	if (!v)
		return -ENOMEM;
	w->steps = v;
	w->steps_cap = n;
	return 0;
}

static void
book_leaving(struct want *w, const struct plan *held)
{
	for (size_t i = 0; i < held->n; i++) {
		struct wish *x = oldest(find(w, &held->v[i]), &held->v[i], false);

		if (x)
			x->leaving++;
	}
}

static void
unbook_leaving(struct want *w, const struct plan *held)
{
	for (size_t i = 0; i < held->n; i++) {
		struct entry *e = find(w, &held->v[i]);

		for (struct wish *x = e ? e->top : NULL; x; x = x->below)
			x->leaving = 0;
		if (e)
			e->touched = false;
	}
}

/* Steps 0 .. next->n - 1: what is new. What was held already does not leave after all. */
static int
book_new(struct want *w, const struct plan *next)
{
	for (size_t i = 0; i < next->n; i++) {
		struct wish *x = oldest(find(w, &next->v[i]), &next->v[i], true);

		w->steps[i] = (struct step){ 0 };
		if (x) {
			x->leaving--;
			continue;
		}
		w->steps[i].e = take(w, &next->v[i]);
		if (w->steps[i].e)
			continue;
		while (i-- > 0)
			if (w->steps[i].e)
				untake(w, w->steps[i].e);
		return -ENOMEM;
	}
	return 0;
}

static void
unbook_new(struct want *w, const struct plan *next)
{
	for (size_t i = next->n; i-- > 0;)
		if (w->steps[i].e)
			untake(w, w->steps[i].e);
}

/* The steps behind those: each entry that loses somebody, once. */
static void
book_dropped(struct want *w, const struct plan *held, struct step *steps)
{
	for (size_t i = 0; i < held->n; i++) {
		struct entry *e = find(w, &held->v[i]);

		steps[i] = (struct step){ 0 };
		if (!oldest(e, &held->v[i], true) || e->touched)
			continue;
		e->touched = true;
		steps[i].e = e;
	}
}

/* ---- a change: ask the kernel ---- */

static int
apply(struct want *w, struct step *s, struct kobj *ret_failed)
{
	struct entry *e = s->e;
	const struct wish *x = desired(e);
	int r = 0;

	if (!x || x == e->shown)
		return 0;
	if (!e->shown || !kobj_equal(&e->shown->o, &x->o))
		r = w->ops->set(w->ctx, &x->o);
	if (r < 0) {
		if (ret_failed)
			*ret_failed = x->o;
		return r;
	}
	s->before = e->shown;
	s->done = true;
	e->shown = x;
	return 0;
}

/* An error here has nobody left to tell: the next want_fix finds what it left. */
static void
unapply(struct want *w, const struct step *s)
{
	struct entry *e = s->e;

	if (!s->before)
		(void)w->ops->clear(w->ctx, &e->shown->o);
	else if (!kobj_equal(&s->before->o, &e->shown->o))
		(void)w->ops->set(w->ctx, &s->before->o);
	e->shown = s->before;
}

/*
 * By kind; but a pass that was late and is so no more comes last: where the way back decides
 * who may come (the kernel datapath), the new route has to be there before.
 */
static int
turn_of(const struct entry *e)
{
	const struct wish *x = desired(e);

	return kind_of(e) == KOBJ_PASS && e->shown && e->shown->o.pass.late && x && !x->o.pass.late
		   ? KOBJ_KINDS
		   : (int)kind_of(e);
}

static int
apply_all(struct want *w, size_t n, struct kobj *ret_failed)
{
	for (int turn = 0; turn <= KOBJ_KINDS; turn++) {
		for (size_t i = 0; i < n; i++) {
			struct step *s = &w->steps[i];
			int r = s->e && turn_of(s->e) == turn ? apply(w, s, ret_failed) : 0;

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static void
unapply_all(struct want *w, size_t n)
{
	for (int kind = KOBJ_KINDS; kind-- > 0;)
		for (size_t i = n; i-- > 0;)
			if (w->steps[i].done && (int)kind_of(w->steps[i].e) == kind)
				unapply(w, &w->steps[i]);
}

/* ---- a change: drop what is left over ---- */

static void
drop_leaving(struct entry *e)
{
	struct wish **link = &e->top;

	while (*link) {
		struct wish *x = *link;

		x->refs -= x->leaving;
		x->leaving = 0;
		if (x->refs > 0) {
			link = &x->below;
		} else {
			*link = x->below;
			free(x);
		}
	}
}

/* Nobody wants it, but the kernel would not let go of it: remember what it was. */
static void
keep_in_mind(struct entry *e)
{
	struct wish *below;

	if (e->shown)
		e->top->o = e->shown->o;
	for (struct wish *x = e->top->below; x; x = below) {
		below = x->below;
		free(x);
	}
	e->top->below = NULL;
	e->top->refs = e->top->leaving = 0;
	e->shown = NULL;
	e->touched = false;
}

static void
drop(struct want *w, struct entry *e)
{
	const struct wish *there = e->shown ? e->shown : e->top;

	if (desired(e)) {
		drop_leaving(e);
		e->touched = false;
	} else if (w->ops->clear(w->ctx, &there->o) < 0) {
		keep_in_mind(e);
	} else {
		delete_entry(w, e);
	}
}

static void
drop_all(struct want *w, struct step *steps, size_t n)
{
	for (int kind = KOBJ_KINDS; kind-- > 0;) {
		for (size_t i = n; i-- > 0;) {
			if (!steps[i].e || (int)kind_of(steps[i].e) != kind)
				continue;
			drop(w, steps[i].e);
			steps[i].e = NULL;
		}
	}
}

int
want_change(struct want *w, struct plan *held, struct plan *next, struct kobj *ret_failed)
{
	struct plan old = *held;
	size_t n = held->n + next->n;
	int r = next->bad ? -ENOMEM : make_room(w, n);

	if (r < 0)
		return r;
	book_leaving(w, held);
	r = book_new(w, next);
	if (r < 0) {
		unbook_leaving(w, held);
		return r;
	}
	book_dropped(w, held, w->steps + next->n);
	r = apply_all(w, n, ret_failed);
	if (r < 0) {
		unapply_all(w, n);
		unbook_leaving(w, held);
		unbook_new(w, next);
		return r;
	}
	drop_all(w, w->steps + next->n, held->n);
	*held = *next;
	*next = old;
	return 0;
}

/* ---- compare with what is there ---- */

struct tally {
	size_t all, failed;
};

/* Returns whether it worked. */
static bool
count(struct tally *t, int r)
{
	t->all++;
	if (r < 0)
		t->failed++;
	return r >= 0;
}

static void
compare(struct want *w, const struct plan *found)
{
	w->round++;
	for (size_t i = 0; i < found->n; i++) {
		struct entry *e = find(w, &found->v[i]);
		const struct wish *x = e ? desired(e) : NULL;

		if (!e)
			continue;
		/* A key that is there twice is right only if both are. */
		e->same = x && kobj_equal(&x->o, &found->v[i]) && (e->round != w->round || e->same);
		e->round = w->round;
	}
}

static void
set_missing(struct want *w, struct tally *t)
{
	struct entry *e, *tmp;

	for (int kind = 0; kind < KOBJ_KINDS; kind++) {
		HASH_ITER (hh, w->entries, e, tmp) {
			const struct wish *x = desired(e);
			bool right = e->round == w->round && e->same;

			if (!x || (int)kind_of(e) != kind)
				continue;
			if (!right && !count(t, w->ops->set(w->ctx, &x->o)))
				x = NULL;
			e->shown = x;
		}
	}
}

static void
clear_strays(struct want *w, const struct plan *found, struct tally *t)
{
	for (int kind = KOBJ_KINDS; kind-- > 0;) {
		for (size_t i = found->n; i-- > 0;) {
			const struct kobj *o = &found->v[i];
			struct entry *e = (int)o->kind == kind ? find(w, o) : NULL;

			if ((int)o->kind != kind || (e && desired(e)))
				continue;
			if (count(t, w->ops->clear(w->ctx, o)) && e)
				delete_entry(w, e);
		}
	}
}

/* What could not be cleared before and is not in the dump: some kinds can hide. */
static void
clear_remembered(struct want *w, struct tally *t)
{
	struct entry *e, *tmp;

	HASH_ITER (hh, w->entries, e, tmp) {
		if (desired(e) || e->round == w->round)
			continue;
		if (e->shown) { /* only known, and by now under another name or gone */
			delete_entry(w, e);
			continue;
		}
		if (count(t, w->ops->clear(w->ctx, &e->top->o)))
			delete_entry(w, e);
	}
}

size_t
want_fix(struct want *w, const struct plan *found, size_t *ret_failed)
{
	struct tally t = { 0 };

	compare(w, found);
	set_missing(w, &t);
	clear_strays(w, found, &t);
	clear_remembered(w, &t);
	if (ret_failed)
		*ret_failed = t.failed;
	return t.all;
}

void
want_clear_all(struct want *w)
{
	struct entry *e, *tmp;

	for (int kind = KOBJ_KINDS; kind-- > 0;) {
		HASH_ITER (hh, w->entries, e, tmp) {
			if ((int)kind_of(e) != kind)
				continue;
			(void)w->ops->clear(w->ctx, &e->top->o); /* we are leaving: no next time */
			delete_entry(w, e);
		}
	}
}

void
want_free(struct want *w)
{
	struct entry *e, *tmp;

	if (!w)
		return;
	HASH_ITER (hh, w->entries, e, tmp)
		delete_entry(w, e);
	free(w->steps);
	free(w);
}

/* ---- questions ---- */

bool
want_has_key(const struct want *w, const struct kobj *o)
{
	const struct entry *e = find(w, o);

	return e && desired(e);
}

bool
want_has(const struct want *w, const struct kobj *o)
{
	const struct entry *e = find(w, o);
	const struct wish *x = e ? desired(e) : NULL;

	return x && kobj_equal(&x->o, o);
}

size_t
want_count(const struct want *w)
{
	size_t n = 0;

	for (const struct entry *e = w->entries; e; e = e->hh.next)
		n += desired(e) != NULL;
	return n;
}

void
want_each(const struct want *w, void (*fn)(void *ctx, const struct kobj *o), void *ctx)
{
	for (const struct entry *e = w->entries; e; e = e->hh.next) {
		const struct wish *x = desired(e);

		if (x)
			fn(ctx, &x->o);
	}
}
