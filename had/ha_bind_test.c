/* ha_bind_test.c - the binding cache: who holds what, and who is due first. */
#include "had/ha_test.h"

static struct ha_reg
reg(const char *hoa, const char *a, const char *b)
{
	struct ha_reg r = { .hoa = addr(hoa), .mobile_router = true };

	if (a)
		r.prefix[r.n++] = prefix(a);
	if (b)
		r.prefix[r.n++] = prefix(b);
	return r;
}

static void
take(struct ha_cache *c, struct ha_bind *b, struct ha_reg r)
{
	assert_int_equal(ha_cache_claim(c, b, &r), 0);
	b->reg = r;
	b->state = HA_BOUND;
}

static bool
holds(const struct ha_cache *c, const struct ha_bind *b, const char *p)
{
	struct ip6_prefix q = prefix(p);

	return trie_get(&c->claims, &q) == b;
}

static void
the_home_address_is_claimed_unless_a_prefix_covers_it(void **state)
{
	struct ip6_prefix claims[HA_CLAIMS_MAX];
	struct ha_reg inside = reg(WEB1, WEB1_B, WEB1_A), outside = reg(WEB1, WEB1_B, NULL);
	struct ha_reg plain = reg(PLAIN, NULL, NULL);
	char text[TEXT_PREFIX_MAX];

	(void)state;
	assert_int_equal(ha_reg_claims(&inside, claims), 2);
	assert_int_equal(ha_reg_claims(&outside, claims), 2);
	assert_string_equal(text_prefix(&claims[1], text), WEB1 "/128");
	assert_int_equal(ha_reg_claims(&plain, claims), 1);
	assert_string_equal(text_prefix(&claims[0], text), PLAIN "/128");
}

static void
claims_follow_the_registration(void **state)
{
	struct in6_addr hoa = addr(WEB1);
	struct ha_cache c;
	struct ha_bind *b;

	(void)state;
	ha_cache_init(&c);
	assert_int_equal(ha_cache_add(&c, &hoa, &b), 0);
	assert_ptr_equal(ha_cache_find(&c, &hoa), b);
	take(&c, b, reg(WEB1, WEB1_A, WEB1_B));
	assert_true(holds(&c, b, WEB1_A) && holds(&c, b, WEB1_B));
	assert_int_equal(c.claims.n, 2);
	take(&c, b, reg(WEB1, WEB1_B, NULL));
	assert_true(holds(&c, b, WEB1_B) && holds(&c, b, WEB1 "/128"));
	assert_int_equal(c.claims.n, 2);
	ha_cache_unclaim(&c, b);
	assert_int_equal(c.claims.n, 0);
	ha_cache_remove(&c, b);
	assert_null(ha_cache_find(&c, &hoa));
	ha_cache_done(&c);
}

/* Against the plainest oracle there is: look at all of them. */
static void
the_first_due_is_the_earliest_whatever_happened(void **state)
{
	enum { N = 200 };
	struct ha_cache c;
	struct ha_bind *b[N];
	uint32_t x = 1;

	(void)state;
	ha_cache_init(&c);
	for (unsigned i = 0; i < N; i++) {
		struct in6_addr hoa = addr(LAB1);

		hoa.s6_addr[15] = (uint8_t)i;
		assert_int_equal(ha_cache_add(&c, &hoa, &b[i]), 0);
	}
	for (unsigned round = 0; round < 20000; round++) {
		mono_t earliest = MONO_NEVER;
		const struct ha_bind *first;

		x = x * 1664525u + 1013904223u;
		ha_due_set(
		    &c.due, b[(x >> 8) % N], x >> 29 ? (mono_t){ x >> 12 & 0xfff } : MONO_NEVER);
		for (unsigned i = 0; i < N; i++)
			earliest = mono_min(earliest, b[i]->due);
		first = ha_due_first(&c.due);
		if (earliest.ms == MONO_NEVER.ms)
			assert_null(first);
		else
			assert_int_equal(first->due.ms, earliest.ms);
	}
	ha_cache_done(&c);
}

static void
a_deleted_binding_is_not_live_but_its_sequence_counts(void **state)
{
	struct ha_bind b = { .state = HA_DELETED, .expires = { 1000 } };
	const mono_t before = { 999 }, then = { 1000 };

	(void)state;
	assert_false(ha_bind_is_live(&b, before));
	assert_true(ha_bind_has_seq(&b, before));
	assert_false(ha_bind_has_seq(&b, then));
	b.state = HA_BOUND;
	assert_true(ha_bind_is_live(&b, before));
	assert_false(ha_bind_is_live(&b, then));
	assert_false(ha_bind_is_live(NULL, then) || ha_bind_has_seq(NULL, then));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_home_address_is_claimed_unless_a_prefix_covers_it, "N-10 N-39"),
		T(claims_follow_the_registration, "N-10 N-17"),
		T(the_first_due_is_the_earliest_whatever_happened, "M-19"),
		T(a_deleted_binding_is_not_live_but_its_sequence_counts, "M-27 M-09"),
	};

	return cmocka_run_group_tests_name("ha_bind", tests, NULL, NULL);
}
