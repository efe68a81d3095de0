/* want_test.c - what the kernel is asked, in which order, and what is put back. */
#include "common/base/want.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/text.h"

/* ---- a kernel that writes down what it is asked, and remembers what it has ---- */

struct fake {
	char said[8192];
	struct plan has; /* what is in the kernel */
	int fail_at;	 /* the how-manieth set fails; 0: none */
	int sets;
	bool deaf; /* every clear fails */
};

static void
note(struct fake *f, const char *verb, const struct kobj *o)
{
	char text[KOBJ_TEXT_MAX];
	size_t n = strlen(f->said);

	snprintf(f->said + n, sizeof(f->said) - n, "%s %s\n", verb, kobj_text(o, text));
}

static void
forget(struct plan *p, const struct kobj *o)
{
	for (size_t i = 0; i < p->n; i++)
		if (kobj_same_key(&p->v[i], o))
			p->v[i--] = p->v[--p->n];
}

static int
fake_set(void *ctx, const struct kobj *o)
{
	struct fake *f = ctx;

	note(f, "set", o);
	if (++f->sets == f->fail_at)
		return -EPERM;
	forget(&f->has, o);
	plan_add(&f->has, o);
	return 0;
}

static int
fake_clear(void *ctx, const struct kobj *o)
{
	struct fake *f = ctx;

	note(f, "clear", o);
	if (f->deaf)
		return -EBUSY;
	forget(&f->has, o);
	return 0;
}

static const struct want_ops ops = { fake_set, fake_clear };

struct world {
	struct fake fake;
	struct want *want;
};

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->want = want_new(&ops, &w->fake);
	*state = w;
	return w->want ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	want_free(w->want);
	plan_done(&w->fake.has);
	free(w);
	return 0;
}

/* ---- plans in few words ---- */

static struct in6_addr
addr(const char *s)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;

	assert_int_equal(text_to_addr(s, &a), 0);
	return a;
}

static struct kobj_tunnel
tunnel(const char *remote)
{
	return (struct kobj_tunnel){ addr("2001:db8:f::1"), addr(remote) };
}

static void
add_tunnel(struct plan *p, const char *remote)
{
	struct kobj_tunnel t = tunnel(remote);

	plan_tunnel(p, &t);
}

static void
add_route(struct plan *p, const char *dst, const char *remote)
{
	struct kobj_route r = { .table = KOBJ_TABLE_MAIN, .metric = 1024 };
	struct kobj_tunnel t;

	assert_int_equal(text_to_prefix(dst, &r.dst), 0);
	if (remote) {
		t = tunnel(remote);
		r.dev = kobj_tunnel_dev(&t);
	} else {
		r.type = KOBJ_UNREACHABLE;
	}
	plan_route(p, &r);
}

static void
add_pass(struct plan *p, const char *prefix, const char *remote, bool late)
{
	struct kobj_pass pass = { .tunnel = tunnel(remote), .late = late };

	assert_int_equal(text_to_prefix(prefix, &pass.prefix), 0);
	plan_pass(p, &pass);
}

/* A binding as had makes one. */
static void
add_binding(struct plan *p, const char *prefix, const char *careof)
{
	add_tunnel(p, careof);
	add_pass(p, prefix, careof, false);
	add_route(p, prefix, careof);
}

static int
change(struct world *w, struct plan *held, struct plan *next)
{
	w->fake.said[0] = '\0';
	return want_change(w->want, held, next, NULL);
}

static bool
same_plan(const struct plan *a, const struct plan *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		bool found = false;

		for (size_t k = 0; k < b->n; k++)
			found |= kobj_equal(&a->v[i], &b->v[k]);
		if (!found)
			return false;
	}
	return true;
}

static void
add_to_plan(void *ctx, const struct kobj *o)
{
	plan_add(ctx, o);
}

/* Everything wanted is in the kernel, and nothing else. */
static void
assert_in_force(const struct world *w)
{
	struct plan all = { 0 };

	want_each(w->want, add_to_plan, &all);
	assert_int_equal(all.n, want_count(w->want));
	assert_true(same_plan(&all, &w->fake.has));
	plan_done(&all);
}

/* ---- tests ---- */

static void
objects_are_set_by_kind_and_cleared_in_reverse(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 };

	add_route(&next, "2001:db8:200::/64", "2001:db8:2::10");
	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", false);
	add_tunnel(&next, "2001:db8:2::10");
	assert_int_equal(change(w, &held, &next), 0);
	assert_string_equal(w->fake.said,
	    "set tunnel local 2001:db8:f::1 remote 2001:db8:2::10\n"
	    "set pass source 2001:db8:200::/64 iif tunnel(2001:db8:2::10)\n"
	    "set route 2001:db8:200::/64 dev tunnel(2001:db8:2::10) table 254 metric 1024\n");
	assert_int_equal(held.n, 3);
	assert_int_equal(next.n, 0);

	assert_int_equal(change(w, &held, &next), 0);
	assert_string_equal(w->fake.said,
	    "clear route 2001:db8:200::/64 dev tunnel(2001:db8:2::10) table 254 metric 1024\n"
	    "clear pass source 2001:db8:200::/64 iif tunnel(2001:db8:2::10)\n"
	    "clear tunnel local 2001:db8:f::1 remote 2001:db8:2::10\n");
	assert_int_equal(want_count(w->want), 0);
	plan_done(&held);
	plan_done(&next);
}

static void
a_moved_binding_is_exactly_one_set_route(void **state)
{
	struct world *w = *state;
	struct plan a = { 0 }, b = { 0 }, next = { 0 };

	/* Both hosts have guests, and the old one's pass stays for its grace. */
	add_binding(&next, "2001:db8:201::/64", "2001:db8:3::10");
	assert_int_equal(change(w, &b, &next), 0);
	plan_clear(&next);
	add_tunnel(&next, "2001:db8:2::10");
	add_tunnel(&next, "2001:db8:3::10");
	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", false);
	add_pass(&next, "2001:db8:200::/64", "2001:db8:3::10", false);
	add_route(&next, "2001:db8:200::/64", "2001:db8:2::10");
	assert_int_equal(change(w, &a, &next), 0);

	plan_clear(&next);
	add_tunnel(&next, "2001:db8:2::10");
	add_tunnel(&next, "2001:db8:3::10");
	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", false);
	add_pass(&next, "2001:db8:200::/64", "2001:db8:3::10", false);
	add_route(&next, "2001:db8:200::/64", "2001:db8:3::10");
	assert_int_equal(change(w, &a, &next), 0);
	assert_string_equal(w->fake.said,
	    "set route 2001:db8:200::/64 dev tunnel(2001:db8:3::10) table 254 metric 1024\n");
	assert_in_force(w);
	plan_done(&a);
	plan_done(&b);
	plan_done(&next);
}

static void
an_unchanged_plan_asks_nothing(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 };

	for (int i = 0; i < 3; i++) {
		plan_clear(&next);
		add_binding(&next, "2001:db8:200::/64", "2001:db8:2::10");
		assert_int_equal(change(w, &held, &next), 0);
	}
	assert_string_equal(w->fake.said, "");
	plan_done(&held);
	plan_done(&next);
}

static void
a_shared_tunnel_stays_until_its_last_owner_leaves(void **state)
{
	struct world *w = *state;
	struct plan a = { 0 }, b = { 0 }, next = { 0 }, none = { 0 };

	add_binding(&next, "2001:db8:200::/64", "2001:db8:2::10");
	assert_int_equal(change(w, &a, &next), 0);
	plan_clear(&next);
	add_binding(&next, "2001:db8:201::/64", "2001:db8:2::10");
	assert_int_equal(change(w, &b, &next), 0);
	assert_null(strstr(w->fake.said, "tunnel local"));

	assert_int_equal(change(w, &a, &none), 0);
	assert_null(strstr(w->fake.said, "tunnel local"));
	plan_clear(&none);
	assert_int_equal(change(w, &b, &none), 0);
	assert_non_null(strstr(w->fake.said, "clear tunnel local"));
	assert_int_equal(w->fake.has.n, 0);
	plan_done(&a);
	plan_done(&b);
	plan_done(&next);
	plan_done(&none);
}

static void
the_same_object_twice_in_a_plan_is_set_and_cleared_once(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 };

	add_tunnel(&next, "2001:db8:2::10");
	add_tunnel(&next, "2001:db8:2::10");
	assert_int_equal(change(w, &held, &next), 0);
	assert_string_equal(w->fake.said, "set tunnel local 2001:db8:f::1 remote 2001:db8:2::10\n");
	assert_int_equal(change(w, &held, &next), 0);
	assert_string_equal(
	    w->fake.said, "clear tunnel local 2001:db8:f::1 remote 2001:db8:2::10\n");
	plan_done(&held);
	plan_done(&next);
}

static void
a_refusal_at_any_point_puts_everything_back(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 }, before = { 0 };
	struct kobj failed;
	int k;

	add_binding(&next, "2001:db8:200::/64", "2001:db8:2::10");
	add_binding(&next, "2001:db8:201::/64", "2001:db8:2::10");
	assert_int_equal(change(w, &held, &next), 0);
	for (size_t i = 0; i < w->fake.has.n; i++)
		plan_add(&before, &w->fake.has.v[i]);

	/* Two routes move, one pass turns late, a tunnel, a pass and a route are new. */
	plan_clear(&next);
	add_tunnel(&next, "2001:db8:2::10");
	add_tunnel(&next, "2001:db8:3::10");
	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", true);
	add_pass(&next, "2001:db8:200::/64", "2001:db8:3::10", false);
	add_route(&next, "2001:db8:200::/64", "2001:db8:3::10");
	add_route(&next, "2001:db8:201::/64", "2001:db8:3::10");
	add_route(&next, "2001:db8:202::/64", "2001:db8:3::10");
	for (k = 1; k <= 6; k++) {
		w->fake.sets = 0;
		w->fake.fail_at = k;
		assert_int_equal(want_change(w->want, &held, &next, &failed), -EPERM);
		assert_int_equal(held.n, 6);
		assert_int_equal(next.n, 7);
		assert_true(same_plan(&before, &w->fake.has));
		assert_in_force(w);
		assert_false(want_has(w->want, &next.v[1]));
	}
	assert_int_equal(failed.kind, KOBJ_ROUTE);
	assert_true(kobj_equal(&failed, &next.v[6]));

	w->fake.sets = 0; /* there are six, so the seventh does not come */
	w->fake.fail_at = k;
	assert_int_equal(change(w, &held, &next), 0);
	assert_int_equal(w->fake.sets, 6);
	assert_in_force(w);
	plan_done(&held);
	plan_done(&next);
	plan_done(&before);
}

static void
a_plan_without_memory_is_refused_untouched(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { .bad = true };

	assert_int_equal(change(w, &held, &next), -ENOMEM);
	assert_string_equal(w->fake.said, "");
}

static void
the_content_asked_for_last_stands_until_nobody_wants_it(void **state)
{
	struct world *w = *state;
	struct plan a = { 0 }, b = { 0 }, next = { 0 };

	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", true);
	assert_int_equal(change(w, &a, &next), 0);
	plan_clear(&next);
	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", false);
	assert_int_equal(change(w, &b, &next), 0);
	assert_string_equal(
	    w->fake.said, "set pass source 2001:db8:200::/64 iif tunnel(2001:db8:2::10)\n");

	/* a goes on wanting what it wanted: b's wish still is the later one. */
	plan_clear(&next);
	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", true);
	assert_int_equal(change(w, &a, &next), 0);
	assert_string_equal(w->fake.said, "");

	plan_clear(&next);
	assert_int_equal(change(w, &b, &next), 0);
	assert_string_equal(
	    w->fake.said, "set pass source 2001:db8:200::/64 iif tunnel(2001:db8:2::10) late\n");
	assert_in_force(w);
	plan_done(&a);
	plan_done(&b);
	plan_done(&next);
}

static void
a_refused_change_of_a_disputed_object_keeps_the_ranks(void **state)
{
	struct world *w = *state;
	struct plan a = { 0 }, b = { 0 }, c = { 0 }, next = { 0 };

	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", true);
	assert_int_equal(change(w, &a, &next), 0);
	plan_clear(&next);
	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", false);
	assert_int_equal(change(w, &b, &next), 0);
	plan_clear(&next);
	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", true);
	add_tunnel(&next, "2001:db8:2::10");
	w->fake.sets = 0;
	w->fake.fail_at = 2;
	assert_int_equal(change(w, &c, &next), -EPERM);
	assert_in_force(w);
	assert_false(w->fake.has.v[0].pass.late);
	assert_int_equal(change(w, &b, &c), 0);
	assert_true(w->fake.has.v[0].pass.late);
	plan_done(&a);
	plan_done(&b);
	plan_done(&c);
	plan_done(&next);
}

static void
fix_sets_what_is_missing_or_different_and_clears_strays(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 }, found = { 0 };
	size_t failed = 9;

	add_binding(&next, "2001:db8:200::/64", "2001:db8:2::10");
	assert_int_equal(change(w, &held, &next), 0);
	w->fake.said[0] = '\0';

	add_tunnel(&found, "2001:db8:2::10");			  /* right */
	add_route(&found, "2001:db8:200::/64", NULL);		  /* different */
	add_route(&found, "2001:db8:209::/64", "2001:db8:9::10"); /* strays; */
	add_tunnel(&found, "2001:db8:9::10");			  /* the pass is missing */
	assert_int_equal(want_fix(w->want, &found, &failed), 4);
	assert_int_equal(failed, 0);
	assert_string_equal(w->fake.said,
	    "set pass source 2001:db8:200::/64 iif tunnel(2001:db8:2::10)\n"
	    "set route 2001:db8:200::/64 dev tunnel(2001:db8:2::10) table 254 metric 1024\n"
	    "clear route 2001:db8:209::/64 dev tunnel(2001:db8:9::10) table 254 metric 1024\n"
	    "clear tunnel local 2001:db8:f::1 remote 2001:db8:9::10\n");
	assert_in_force(w);

	w->fake.said[0] = '\0';
	assert_int_equal(want_fix(w->want, &w->fake.has, NULL), 0);
	assert_string_equal(w->fake.said, "");
	plan_done(&held);
	plan_done(&next);
	plan_done(&found);
}

static void
fix_tries_again_what_failed(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 }, none = { 0 };
	size_t failed = 0;

	add_tunnel(&next, "2001:db8:2::10");
	assert_int_equal(change(w, &held, &next), 0);
	w->fake.sets = 0;
	w->fake.fail_at = 1;
	assert_int_equal(want_fix(w->want, &none, &failed), 1);
	assert_int_equal(failed, 1);
	assert_int_equal(want_fix(w->want, &none, &failed), 1);
	assert_int_equal(failed, 0);
	plan_done(&held);
	plan_done(&next);
}

static void
what_could_not_be_cleared_is_cleared_by_the_next_fix(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 }, none = { 0 };

	add_tunnel(&next, "2001:db8:2::10");
	assert_int_equal(change(w, &held, &next), 0);
	w->fake.deaf = true;
	assert_int_equal(change(w, &held, &next), 0);
	assert_int_equal(held.n, 0);
	assert_int_equal(want_count(w->want), 0);
	assert_int_equal(want_fix(w->want, &none, NULL), 1);
	w->fake.deaf = false;
	assert_int_equal(want_fix(w->want, &w->fake.has, NULL), 1);
	assert_int_equal(w->fake.has.n, 0);
	assert_int_equal(want_fix(w->want, &none, NULL), 0);
	plan_done(&held);
	plan_done(&next);
}

static void
an_object_kept_in_mind_is_set_anew_when_wanted_again(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 };

	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", true);
	assert_int_equal(change(w, &held, &next), 0);
	w->fake.deaf = true;
	assert_int_equal(change(w, &held, &next), 0);
	w->fake.deaf = false;
	plan_clear(&next);
	add_pass(&next, "2001:db8:200::/64", "2001:db8:2::10", false);
	assert_int_equal(change(w, &held, &next), 0);
	assert_string_equal(
	    w->fake.said, "set pass source 2001:db8:200::/64 iif tunnel(2001:db8:2::10)\n");
	assert_in_force(w);
	plan_done(&held);
	plan_done(&next);
}

static void
clear_all_leaves_nothing_and_owners_may_still_let_go(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 };

	add_binding(&next, "2001:db8:200::/64", "2001:db8:2::10");
	assert_int_equal(change(w, &held, &next), 0);
	want_clear_all(w->want);
	assert_int_equal(w->fake.has.n, 0);
	assert_int_equal(want_count(w->want), 0);
	assert_int_equal(change(w, &held, &next), 0);
	assert_string_equal(w->fake.said, "");
	plan_done(&held);
	plan_done(&next);
}

/* As a run before this one left it. */
static void
leave_behind(struct world *w, const char *prefix, const char *careof)
{
	add_binding(&w->fake.has, prefix, careof);
}

static void
what_is_known_to_be_there_is_not_set_again(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 };

	leave_behind(w, "2001:db8:200::/64", "2001:db8:2::10");
	want_know(w->want, &w->fake.has);
	assert_int_equal(want_count(w->want), 0);
	add_binding(&next, "2001:db8:200::/64", "2001:db8:2::10");
	assert_int_equal(change(w, &held, &next), 0);
	assert_string_equal(w->fake.said, "");
	assert_int_equal(want_fix(w->want, &w->fake.has, NULL), 0);
	assert_string_equal(w->fake.said, "");
	assert_in_force(w);
	plan_clear(&next);
	assert_int_equal(change(w, &held, &next), 0);
	assert_int_equal(w->fake.has.n, 0);
	plan_done(&held);
	plan_done(&next);
}

static void
what_is_known_to_be_there_otherwise_is_replaced_or_put_back(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 };
	struct kobj_tunnel was;

	add_route(&w->fake.has, "2001:db8:200::/64", "2001:db8:2::10");
	want_know(w->want, &w->fake.has);
	add_route(&next, "2001:db8:200::/64", "2001:db8:2::20");
	add_route(&next, "2001:db8:201::/64", "2001:db8:2::20");
	w->fake.fail_at = 2;
	assert_int_equal(change(w, &held, &next), -EPERM);
	was = tunnel("2001:db8:2::10");
	assert_int_equal(w->fake.has.n, 1);
	assert_memory_equal(&w->fake.has.v[0].route.dev.tunnel, &was, sizeof(was));
	w->fake.fail_at = 0;
	assert_int_equal(change(w, &held, &next), 0);
	assert_in_force(w);
	plan_done(&held);
	plan_done(&next);
}

static void
what_is_known_and_wanted_by_nobody_goes_with_the_next_fix(void **state)
{
	struct world *w = *state;
	struct plan held = { 0 }, next = { 0 }, found = { 0 };

	leave_behind(w, "2001:db8:200::/64", "2001:db8:2::10");
	leave_behind(w, "2001:db8:201::/64", "2001:db8:2::20");
	for (size_t i = 0; i < w->fake.has.n; i++)
		plan_add(&found, &w->fake.has.v[i]);
	want_know(w->want, &found);
	add_binding(&next, "2001:db8:200::/64", "2001:db8:2::10");
	assert_int_equal(change(w, &held, &next), 0);
	assert_int_equal(want_fix(w->want, &found, NULL), 3);
	assert_in_force(w);
	assert_int_equal(w->fake.has.n, 3);
	plan_done(&held);
	plan_done(&next);
	plan_done(&found);
}

/* A rule over a device that was gone has another name once the device is back (kern.h). */
static void
what_was_known_and_is_not_found_again_is_not_cleared(void **state)
{
	struct world *w = *state;
	struct plan none = { 0 };

	add_route(&none, "2001:db8:200::/64", "2001:db8:2::10");
	want_know(w->want, &none);
	plan_clear(&none);
	assert_int_equal(want_fix(w->want, &none, NULL), 0);
	assert_string_equal(w->fake.said, "");
	plan_done(&none);
}

static void
many_owners_come_and_go_without_a_trace(void **state)
{
	struct world *w = *state;
	struct plan held[50] = { 0 }, next = { 0 };
	char prefix[32], host[32];
	unsigned seed = 1;

	/* A walk through random bindings and refusals; after each step all is in force. */
	for (int step = 0; step < 3000; step++) {
		size_t i;

		seed = seed * 1103515245u + 12345u;
		i = seed >> 16 & 0x7fff;
		plan_clear(&next);
		snprintf(prefix, sizeof(prefix), "2001:db8:%zx::/64", 0x200 + i % countof(held));
		snprintf(host, sizeof(host), "2001:db8:f:%zx::10", i / 64 % 5);
		if (i % 7 > 0)
			add_binding(&next, prefix, host);
		w->fake.sets = 0;
		w->fake.fail_at = i % 11 == 0 ? 1 + (int)(i % 3) : 0;
		(void)change(w, &held[i % countof(held)], &next);
		if (step % 50 == 0)
			assert_in_force(w);
	}
	w->fake.fail_at = 0;
	for (size_t i = 0; i < countof(held); i++) {
		plan_clear(&next);
		assert_int_equal(change(w, &held[i], &next), 0);
		plan_done(&held[i]);
	}
	assert_int_equal(w->fake.has.n, 0);
	plan_done(&next);
}

#define test(rows, f)                                                                             \
	{                                                                                         \
		.name = rows #f, .test_func = f, .setup_func = set_up, .teardown_func = tear_down \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test("", objects_are_set_by_kind_and_cleared_in_reverse),
		test("X-05 ", a_moved_binding_is_exactly_one_set_route),
		test("", an_unchanged_plan_asks_nothing),
		test("", a_shared_tunnel_stays_until_its_last_owner_leaves),
		test("", the_same_object_twice_in_a_plan_is_set_and_cleared_once),
		test("", a_refusal_at_any_point_puts_everything_back),
		test("", a_plan_without_memory_is_refused_untouched),
		test("", the_content_asked_for_last_stands_until_nobody_wants_it),
		test("", a_refused_change_of_a_disputed_object_keeps_the_ranks),
		test("", fix_sets_what_is_missing_or_different_and_clears_strays),
		test("", fix_tries_again_what_failed),
		test("", what_could_not_be_cleared_is_cleared_by_the_next_fix),
		test("", an_object_kept_in_mind_is_set_anew_when_wanted_again),
		test("", clear_all_leaves_nothing_and_owners_may_still_let_go),
		test("", what_is_known_to_be_there_is_not_set_again),
		test("", what_is_known_to_be_there_otherwise_is_replaced_or_put_back),
		test("", what_is_known_and_wanted_by_nobody_goes_with_the_next_fix),
		test("", what_was_known_and_is_not_found_again_is_not_cleared),
		test("", many_owners_come_and_go_without_a_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
