/* trie_test.c - the trie against a list that is searched from end to end. */
#include "common/base/trie.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "common/base/base.h"
#include "common/base/text.h"

static struct ip6_prefix
prefix(const char *s)
{
	struct ip6_prefix p = { .len = 0 };

	assert_int_equal(text_to_prefix(s, &p), 0);
	return p;
}

/* Overlaps as text, in the order they come in. */
struct seen {
	char text[512];
	int most; /* stop after so many */
};

static bool
note(void *ctx, const struct ip6_prefix *q, void *value)
{
	struct seen *s = ctx;
	char text[TEXT_PREFIX_MAX];

	assert_string_equal(value, text_prefix(q, text));
	strcat(s->text, text);
	strcat(s->text, " ");
	return --s->most > 0;
}

static const char *const names[] = { "2001:db8:1:1::/64", "2001:db8::/32", "2001:db8:1::/48",
	"2001:db8:1:2::/64", "2001:db8:1:2::1/128", "2001:db8:2::/48", "3000::/16", "::/0" };

static void
add_all(struct trie *t)
{
	trie_init(t);
	for (size_t i = 0; i < countof(names); i++) {
		struct ip6_prefix p = prefix(names[i]);

		assert_int_equal(trie_add(t, &p, strdup(names[i])), 0);
	}
	assert_int_equal(t->n, countof(names));
}

static void
remove_all(struct trie *t)
{
	for (size_t i = 0; i < countof(names); i++) {
		struct ip6_prefix p = prefix(names[i]);

		free(trie_remove(t, &p));
	}
	assert_int_equal(t->n, 0);
	assert_null(t->root);
	trie_done(t);
}

static void
overlaps_come_shortest_first_then_those_within(void **state)
{
	struct ip6_prefix p = prefix("2001:db8:1::/48"), q = prefix("2001:db8:1:2::/63");
	struct seen s = { .most = 99 };
	struct trie t;

	(void)state;
	add_all(&t);
	trie_overlaps(&t, &p, note, &s);
	assert_string_equal(s.text,
	    "::/0 2001:db8::/32 2001:db8:1::/48 2001:db8:1:1::/64 2001:db8:1:2::/64 "
	    "2001:db8:1:2::1/128 ");
	s = (struct seen){ .most = 99 };
	trie_overlaps(&t, &q, note, &s);
	assert_string_equal(
	    s.text, "::/0 2001:db8::/32 2001:db8:1::/48 2001:db8:1:2::/64 2001:db8:1:2::1/128 ");
	s = (struct seen){ .most = 5 };
	trie_overlaps(&t, &p, note, &s);
	assert_string_equal(
	    s.text, "::/0 2001:db8::/32 2001:db8:1::/48 2001:db8:1:1::/64 2001:db8:1:2::/64 ");
	remove_all(&t);
}

static void
the_longest_covering_prefix_is_found(void **state)
{
	static const struct {
		const char *of, *is;
	} rows[] = {
		{ "2001:db8:1:2::1/128", "2001:db8:1:2::1/128" },
		{ "2001:db8:1:2::2/128", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::/64", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::/63", "2001:db8:1::/48" },
		{ "2001:db8:3::/64", "2001:db8::/32" },
		{ "2001::/16", "::/0" },
		{ "::/0", "::/0" },
	};
	struct trie t;

	(void)state;
	add_all(&t);
	for (size_t i = 0; i < countof(rows); i++) {
		struct ip6_prefix p = prefix(rows[i].of);

		assert_string_equal(trie_longest(&t, &p), rows[i].is);
	}
	remove_all(&t);
}

static void
a_prefix_is_held_once(void **state)
{
	struct ip6_prefix p = prefix("2001:db8::/32"), q = prefix("2001:db8::/33");
	struct trie t;
	int x;

	(void)state;
	trie_init(&t);
	assert_int_equal(trie_add(&t, &p, &x), 0);
	assert_int_equal(trie_add(&t, &p, &x), -EEXIST);
	assert_null(trie_get(&t, &q));
	assert_null(trie_remove(&t, &q));
	assert_int_equal(t.n, 1);
	assert_ptr_equal(trie_remove(&t, &p), &x);
	assert_null(trie_remove(&t, &p));
	trie_done(&t);
}

/* ---- against a list ---- */

#define RANDOM_MAX 200

struct list {
	struct ip6_prefix p[RANDOM_MAX];
	bool in[RANDOM_MAX];
	size_t overlaps;
};

static bool
count_overlap(void *ctx, const struct ip6_prefix *q, void *value)
{
	struct list *l = ctx;

	assert_true(ip6_prefix_equal(q, value));
	assert_true(l->in[(struct ip6_prefix *)value - l->p]);
	l->overlaps++;
	return true;
}

static void
compare(const struct trie *t, struct list *l, const struct ip6_prefix *p)
{
	const struct ip6_prefix *longest = NULL, *same = NULL;
	size_t overlaps = 0, n = 0;

	for (size_t i = 0; i < RANDOM_MAX; i++) {
		if (!l->in[i])
			continue;
		n++;
		overlaps += ip6_prefix_overlaps(&l->p[i], p);
		if (ip6_prefix_equal(&l->p[i], p))
			same = &l->p[i];
		if (ip6_prefix_covers(&l->p[i], p) && (!longest || l->p[i].len > longest->len))
			longest = &l->p[i];
	}
	assert_int_equal(t->n, n);
	assert_ptr_equal(trie_get(t, p), same);
	assert_ptr_equal(trie_longest(t, p), longest);
	l->overlaps = 0;
	trie_overlaps(t, p, count_overlap, l);
	assert_int_equal(l->overlaps, overlaps);
}

static unsigned
next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 0x7fff;
}

/* Few bits that differ, so that prefixes nest; each prefix once. */
static void
make_list(struct list *l, unsigned *seed)
{
	for (size_t i = 0; i < RANDOM_MAX;) {
		struct ip6_prefix *p = &l->p[i];
		bool twice = false;

		*p = (struct ip6_prefix){ .len = (uint8_t)(next_random(seed) % 17) };
		for (unsigned bit = 0; bit < p->len; bit++)
			if (next_random(seed) % 3 == 0)
				p->addr.s6_addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		if (next_random(seed) % 4 == 0) {
			p->addr.s6_addr[15] = (uint8_t)next_random(seed);
			p->len = 128;
		}
		for (size_t k = 0; k < i; k++)
			twice |= ip6_prefix_equal(p, &l->p[k]);
		i += !twice;
	}
}

static void
every_answer_is_that_of_a_list(void **state)
{
	struct list *l = calloc(1, sizeof(*l));
	unsigned seed = 20;
	struct trie t;

	(void)state;
	make_list(l, &seed);
	trie_init(&t);
	for (int step = 0; step < 5000; step++) {
		size_t i = next_random(&seed) % RANDOM_MAX;

		if (l->in[i])
			assert_ptr_equal(trie_remove(&t, &l->p[i]), &l->p[i]);
		else
			assert_int_equal(trie_add(&t, &l->p[i], &l->p[i]), 0);
		l->in[i] = !l->in[i];
		compare(&t, l, &l->p[next_random(&seed) % RANDOM_MAX]);
	}
	trie_done(&t);
	free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overlaps_come_shortest_first_then_those_within),
		cmocka_unit_test(the_longest_covering_prefix_is_found),
		cmocka_unit_test(a_prefix_is_held_once),
		cmocka_unit_test(every_answer_is_that_of_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
